--- Where ghost text is on: everywhere, in a file type, in a buffer.
---
--- Off means that nothing leaves Neovim: the language server is taken off the buffer, and ended where it is off
--- everywhere. A file type plugin may set `vim.b.vernacular_enabled = false` before anything starts.

local M = {}

local BUFFER = 'vernacular_enabled'

---@type boolean
M.everywhere = true
---@type table<string, boolean> File types that are off.
local off = {}

---@param bufnr integer
---@return boolean
function M.is_on(bufnr)
  return M.everywhere and not off[vim.bo[bufnr].filetype] and vim.b[bufnr][BUFFER] ~= false
end

---@param where 'everywhere'|'buffer'|'filetype'
---@param filetype? string The current buffer's where it is left out.
---@return boolean on What holds now.
function M.toggle(where, filetype)
  local on
  if where == 'buffer' then
    on = vim.b[BUFFER] == false
    vim.b[BUFFER] = on
  elseif where == 'filetype' then
    filetype = filetype or vim.bo.filetype
    on = off[filetype] == true
    off[filetype] = not on or nil
  else
    on = not M.everywhere
    M.everywhere = on
  end
  require('vernacular.client').apply()
  vim.cmd.redrawstatus({ bang = true })
  return on
end

--- Why there is none in the current buffer, for people; nothing where it is on.
---@return string?
function M.reason()
  if not M.everywhere then
    return 'off everywhere'
  elseif off[vim.bo.filetype] then
    return 'off for ' .. vim.bo.filetype
  elseif vim.b[BUFFER] == false then
    return 'off in this buffer'
  end
end

return M
