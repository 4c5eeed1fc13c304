-- The command, and nothing else: what it needs is loaded when it is used.
if vim.g.loaded_vernacular then
  return
end
vim.g.loaded_vernacular = true

vim.api.nvim_create_user_command('Vernacular', function(call)
  require('vernacular.command').run(call.fargs)
end, {
  nargs = '*',
  bar = true,
  desc = 'Ghost text from a completion server of your own',
  complete = function(lead, line)
    return require('vernacular.command').complete(lead, line)
  end,
})
