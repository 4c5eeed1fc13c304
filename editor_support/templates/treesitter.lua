
-- Where the parser cannot be loaded, as on another system than it was built on, the syntax file gives the colours.
local loaded, added = pcall(vim.treesitter.language.add, '{parser}')
if loaded and added then
  vim.treesitter.language.register('{parser}', '{file_type}')
  if pcall(vim.treesitter.start, 0, '{parser}') then
    vim.b.undo_ftplugin = vim.b.undo_ftplugin .. ' | lua vim.treesitter.stop()'
  end
end
