--- Accepting ghost text.
---
--- Neovim 0.12 replaces the range that was proposed, and leaves what was typed through since then standing behind
--- it; here that is part of the range.

local M = {}

local HANDED_OVER_MS = 200

--- The range to replace, from the proposal's start to the cursor, where what stands there begins the proposal.
---@param item vim.lsp.inline_completion.Item
---@return integer? row, integer? start_col, integer? end_col All zero-based, columns in bytes.
local function range_of(item)
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  row = row - 1
  if not item.range then
    return row, col, col
  end
  local start_row, start_col, end_row, end_col = item.range:to_extmark()
  if start_row ~= row or end_row ~= row or start_col > col then
    return nil
  end
  local typed = vim.api.nvim_buf_get_text(0, row, start_col, row, col, {})[1]
  if not vim.startswith(item.insert_text --[[@as string]], typed) then
    return nil
  end
  return row, start_col, math.max(col, end_col)
end

---@param item vim.lsp.inline_completion.Item
---@return boolean inserted
local function insert(item)
  if type(item.insert_text) ~= 'string' then
    return false
  end
  local row, start_col, end_col = range_of(item)
  if not (row and start_col and end_col) then
    return false
  end
  vim.go.undolevels = vim.go.undolevels -- so that undo takes back the proposal alone
  local lines = vim.split(item.insert_text --[[@as string]], '\n', { plain = true })
  vim.api.nvim_buf_set_text(0, row, start_col, row, end_col, lines)
  local last_col = #lines[#lines] + (#lines == 1 and start_col or 0)
  vim.api.nvim_win_set_cursor(0, { row + #lines, last_col })
  return true
end

--- Accept the ghost text on display, if it still fits.
---@return boolean inserted
function M.accept()
  local inserted, answered = false, false
  local asked = vim.lsp.inline_completion.get({
    on_accept = function(item)
      answered = true
      local client = vim.lsp.get_client_by_id(item.client_id)
      if client and client.name ~= 'vernacular' then
        inserted = true
        return item
      end
      inserted = insert(item)
      if inserted and client and item.command then
        client:exec_cmd(item.command, { bufnr = vim.api.nvim_get_current_buf() })
      end
    end,
  })
  if asked then
    -- Neovim hands the item over a moment later; keys that are typed ahead must not come before it.
    vim.wait(HANDED_OVER_MS, function()
      return answered
    end, 1)
  end
  return inserted
end

return M
