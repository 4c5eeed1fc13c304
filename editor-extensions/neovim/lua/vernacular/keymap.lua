--- The key that accepts ghost text, and does what it did before where there is none.

local M = {}

local DESCRIPTION = 'Accept ghost text (vernacular)'
local FALLBACK = '<Plug>(vernacular-fallback)'

---@type { key: string, before: table }?
local mapped

local function unmap()
  if not mapped then
    return
  end
  vim.keymap.del('i', mapped.key)
  if not vim.tbl_isempty(mapped.before) then
    vim.fn.mapset('i', false, mapped.before)
  end
  mapped = nil
end

--- Map `key`; with false, map nothing. A key that was mapped before by this function gets back what it was.
---@param key string|false
function M.map(key)
  unmap()
  if not key then
    return
  end
  local before = vim.fn.maparg(key, 'i', false, true)
  if not vim.tbl_isempty(before) and before.buffer == 1 then
    before = {} -- a mapping of one buffer keeps its precedence there
  end
  mapped = { key = key, before = before }
  vim.keymap.set('i', FALLBACK, key)
  if not vim.tbl_isempty(before) then
    local moved = vim.tbl_extend('force', before, { lhs = FALLBACK, lhsraw = vim.keycode(FALLBACK) })
    moved.lhsrawalt = nil
    vim.fn.mapset('i', false, moved)
  end
  vim.keymap.set('i', key, function()
    if not require('vernacular').accept() then
      vim.api.nvim_feedkeys(vim.keycode(FALLBACK), 'mi', false)
    end
  end, { desc = DESCRIPTION })
end

return M
