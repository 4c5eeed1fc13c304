--- Code that is not in the buffer yet, shown in lines of its own where it would be put in.
---
--- There is one at a time. While it stands, in its buffer's normal mode the key of `accept_key` accepts it and <Esc>
--- rejects it; `:Vernacular accept` and `:Vernacular reject` do so everywhere. It is put in as one undo step, and only
--- where the lines around the place are still what they were when it was asked for.

local M = {}

---@class vernacular.Preview
---@field bufnr integer
---@field encoding string
---@field on_reject fun()
---@field asked string[] The buffer's lines when it was asked for.
---@field anchor integer Extmark at the cursor then, by which lines that came or went above are noticed.
---@field anchor_row integer
---@field mark? integer Extmark at the place.
---@field around? string[] The lines around the place.
---@field shape? { text: string, column: integer }
---@field done boolean
---@field keys table<string, table> What the keys did before, as `maparg()` gives it.
local Preview = {}
Preview.__index = Preview

local namespace = vim.api.nvim_create_namespace('vernacular.preview')
local DEFAULT_ACCEPT = '<Tab>'

---@type vernacular.Preview?
local current

---@param encoding string Of the language server's positions.
---@param on_reject fun() What <Esc> does.
---@return vernacular.Preview
function M.new(encoding, on_reject)
  local bufnr = vim.api.nvim_get_current_buf()
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  current = setmetatable({
    bufnr = bufnr,
    encoding = encoding,
    on_reject = on_reject,
    asked = vim.api.nvim_buf_get_lines(bufnr, 0, -1, false),
    anchor = vim.api.nvim_buf_set_extmark(bufnr, namespace, row, 0, {}),
    anchor_row = row,
    done = false,
    keys = {},
  }, Preview)
  current:map()
  current:draw({}, row, 'asking')
  return current
end

---@return string
local function accept_key()
  local options = require('vernacular').options
  return options and options.accept_key or DEFAULT_ACCEPT
end

function Preview:map()
  local actions = { [accept_key()] = M.accept, ['<Esc>'] = self.on_reject }
  vim.api.nvim_buf_call(self.bufnr, function()
    for key, action in pairs(actions) do
      local before = vim.fn.maparg(key, 'n', false, true)
      self.keys[key] = before.buffer == 1 and before or {}
      vim.keymap.set('n', key, action, { buffer = self.bufnr, nowait = true, desc = 'Preview (vernacular)' })
    end
  end)
end

function Preview:unmap()
  if not vim.api.nvim_buf_is_loaded(self.bufnr) then
    return
  end
  vim.api.nvim_buf_call(self.bufnr, function()
    for key, before in pairs(self.keys) do
      pcall(vim.keymap.del, 'n', key, { buffer = self.bufnr })
      if not vim.tbl_isempty(before) then
        vim.fn.mapset('n', false, before)
      end
    end
  end)
end

--- Draw lines below a row, and one that says what to do.
---@param lines string[]
---@param row integer Zero-based; -1: above the first line.
---@param state string
function Preview:draw(lines, row, state)
  local tab = (' '):rep(vim.bo[self.bufnr].tabstop)
  local drawn = vim.tbl_map(function(line)
    return { { (line:gsub('\t', tab)), 'DiffAdd' } }
  end, lines)
  local hint = self.done and ('%s: %s accepts, <Esc> rejects'):format(state, accept_key()) or state .. ': <Esc> cancels'
  table.insert(drawn, { { hint, 'ComplHintMore' } })
  self.drawn = vim.api.nvim_buf_set_extmark(self.bufnr, namespace, math.max(row, 0), 0, {
    id = self.drawn,
    virt_lines = drawn,
    virt_lines_above = row < 0,
  })
end

--- Where the place is now, if it is still there and what stands around it is what did.
---@return integer? row
---@return integer? col
function Preview:place()
  if not (self.mark and vim.api.nvim_buf_is_loaded(self.bufnr)) then
    return nil
  end
  local row, col = unpack(vim.api.nvim_buf_get_extmark_by_id(self.bufnr, namespace, self.mark, {}))
  if not row then
    return nil
  end
  local around = vim.api.nvim_buf_get_lines(self.bufnr, math.max(row - 1, 0), row + 2, false)
  if not vim.deep_equal(around, self.around) then
    return nil
  end
  return row, col
end

---@param position lsp.Position Where the text is to be put in, in the buffer as it was when it was asked for.
---@param text string All of it so far.
function Preview:show(position, text)
  if not vim.api.nvim_buf_is_loaded(self.bufnr) then
    return
  end
  text = text:gsub('\r\n', '\n')
  local line = self.asked[position.line + 1] or ''
  local column = vim.str_byteindex(line, self.encoding, position.character, false)
  if not self.mark then
    local now = vim.api.nvim_buf_get_extmark_by_id(self.bufnr, namespace, self.anchor, {})[1] or self.anchor_row
    local row = math.min(position.line + now - self.anchor_row, vim.api.nvim_buf_line_count(self.bufnr) - 1)
    local there = vim.api.nvim_buf_get_lines(self.bufnr, row, row + 1, false)[1] or ''
    self.around = vim.list_slice(self.asked, math.max(position.line, 1), position.line + 2)
    self.mark = vim.api.nvim_buf_set_extmark(self.bufnr, namespace, row, math.min(column, #there), { strict = false })
  end
  self.text = text
  local lines = vim.split(text, '\n', { plain = true })
  local row = vim.api.nvim_buf_get_extmark_by_id(self.bufnr, namespace, self.mark, {})[1]
  if column == 0 and #lines > 1 then
    row = row - 1 -- whole lines that come before this one
  elseif lines[1] == '' then
    table.remove(lines, 1) -- whole lines that come after this one
  end
  if lines[#lines] == '' then
    table.remove(lines)
  end
  self:draw(lines, row, 'writing')
  self.lines, self.row = lines, row
end

--- All of it is there.
---@param model? string
function Preview:finish(model)
  self.done = true
  self:draw(self.lines, self.row, model or 'written')
end

--- Take it away.
function Preview:close()
  if current == self then
    current = nil
  end
  self:unmap()
  if vim.api.nvim_buf_is_loaded(self.bufnr) then
    vim.api.nvim_buf_clear_namespace(self.bufnr, namespace, 0, -1)
  end
end

--- Put in what is shown, as one undo step, if all of it is there.
---@return boolean accepted
function M.accept()
  local preview = current
  if not (preview and preview.done) then
    return false
  end
  local row, col = preview:place()
  preview:close()
  if not (row and col) then
    require('vernacular.notice').warn('the lines around it changed meanwhile; ask again')
    return false
  end
  local lines = vim.split(preview.text, '\n', { plain = true })
  vim.go.undolevels = vim.go.undolevels -- an undo step of its own
  vim.api.nvim_buf_set_text(preview.bufnr, row, col, row, col, lines)
  local window = vim.fn.bufwinid(preview.bufnr)
  if window ~= -1 then
    local last = row + #lines - (lines[#lines] == '' and 1 or 0)
    vim.api.nvim_win_set_cursor(window, { last, math.max(#vim.fn.getbufoneline(preview.bufnr, last) - 1, 0) })
  end
  return true
end

--- Take away what is shown.
---@return boolean rejected Whether there was anything.
function M.reject()
  local preview = current
  if preview then
    preview:close()
  end
  return preview ~= nil
end

return M
