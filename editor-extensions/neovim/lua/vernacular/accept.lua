--- Accepting ghost text: all of it, its next word, or its next line.
---
--- Neovim 0.12 replaces the range that was proposed, and leaves what was typed through since then standing behind
--- it; here that is part of the range.

local M = {}

---@alias vernacular.Way 'all'|'word'|'line'

-- White space first, so that the next line's first word comes with its indentation. 'iskeyword' says what a word is.
local WORD = [=[^\_s*\%(\k\+\|[^[:keyword:][:space:]]\+\)]=]

---@type table<vernacular.Way, fun(text: string): string>
local PART = {
  all = function(text)
    return text
  end,
  word = function(text)
    local finish = vim.fn.matchend(text, WORD)
    return finish > 0 and text:sub(1, finish) or text
  end,
  line = function(text)
    return text:match('^\n?[^\n]*')
  end,
}

---@param text string
---@param row integer
---@param start_col integer
---@param end_col integer
local function insert(text, row, start_col, end_col)
  vim.go.undolevels = vim.go.undolevels -- so that undo takes back the proposal alone
  local lines = vim.split(text, '\n', { plain = true })
  vim.api.nvim_buf_set_text(0, row, start_col, row, end_col, lines)
  local last_col = #lines[#lines] + (#lines == 1 and start_col or 0)
  vim.api.nvim_win_set_cursor(0, { row + #lines, last_col })
end

--- Tell the language server what a key took; the argument of the item's command is what the server knows it by.
---@param item vernacular.Item
---@param way vernacular.Way
local function tell(item, way)
  local client = vim.lsp.get_client_by_id(item.client_id)
  if not (client and item.command) then
    return
  end
  local command = item.command --[[@as lsp.Command]]
  if way ~= 'all' then
    local offer = (command.arguments or {})[1]
    command = { title = '', command = 'vernacular.acceptedPart', arguments = { offer, way } }
  end
  client:exec_cmd(command, { bufnr = vim.api.nvim_get_current_buf() })
end

--- Accept what is on display, if it still fits. Where an entry of Neovim's own menu is selected, that has the say.
---@param way vernacular.Way
---@return boolean inserted
function M.accept(way)
  if way == 'all' and package.loaded['vernacular.preview'] and require('vernacular.preview').accept() then
    return true
  end
  if vim.fn.pumvisible() == 1 and vim.fn.complete_info({ 'selected' }).selected ~= -1 then
    return false
  end
  local inserted = false
  local ghost = require('vernacular.ghost')
  local foreign = ghost.take(way == 'all', function(item)
    local left, row, start_col, end_col = ghost.left_of(item)
    if not left or left == '' then
      return nil
    end
    local part = PART[way](left)
    insert(part, row, start_col, end_col)
    tell(item, way)
    inserted = true
    return #part < #left and left:sub(#part + 1) or nil
  end)
  return inserted or foreign
end

return M
