{header}
if vim.b.did_indent then
  return
end
vim.b.did_indent = 1

vim.opt_local.indentexpr = "v:lua.require'{module}'.get(v:lnum)"
vim.opt_local.indentkeys = {keys}
vim.opt_local.autoindent = true
vim.b.undo_indent = 'setlocal indentexpr< indentkeys< autoindent<'
