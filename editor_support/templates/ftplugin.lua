{header}
if vim.b.did_ftplugin then
  return
end
vim.b.did_ftplugin = 1

local options = {
{options}
}
for name, value in pairs(options) do
  vim.opt_local[name] = value
end
vim.opt_local.formatoptions:remove('t')
vim.opt_local.formatoptions:append('crql')
vim.b.undo_ftplugin = 'setlocal formatoptions< ' .. table.concat(vim.tbl_keys(options), '< ') .. '<'
