{header}
if vim.b.did_ftplugin then
  return
end
vim.b.did_ftplugin = 1

local set = vim.opt_local
{options}
set.formatoptions:remove('t')
set.formatoptions:append('crql')
vim.b.undo_ftplugin = 'setlocal {undo}'
