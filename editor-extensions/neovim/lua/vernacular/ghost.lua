--- The ghost text on display: Neovim's own inline completion, and what it does not offer.
---
--- Neovim 0.12 accepts an item whole, always asks as if by itself, and drops the item when it hands it over. Keeping
--- the rest of an item on display and asking by hand need its own object for the buffer, which is not part of its
--- interface: `of()` is the one place that knows it. Without it the rest comes back 200 ms later, and nothing else is
--- lost but asking by hand.

local M = {}

local NAME = 'vernacular'
local METHOD = 'textDocument/inlineCompletion'
local INVOKED = 1
local GROUP = 'vernacular-ghost'
local HANDED_OVER_MS = 200

---@class vernacular.Item
---@field text string The whole proposal, its lines parted by line feeds.
---@field row integer Where it was proposed: zero-based line.
---@field start_col integer In bytes.
---@field end_col integer In bytes; what stands from `start_col` to there is replaced.
---@field client_id integer
---@field command? lsp.Command

---@class vernacular.Completor Neovim's object for one buffer.
---@field current? vim.lsp.inline_completion.Item
---@field show fun(self: vernacular.Completor)
---@field handler fun(self: vernacular.Completor, err: any, result: any, ctx: any)
---@field reset_timer fun(self: vernacular.Completor)
---@field count_items fun(self: vernacular.Completor): integer

---@param bufnr integer
---@return vernacular.Completor?
local function of(bufnr)
  local holds, found = pcall(function()
    local completor = require('vim.lsp._capability').all.inline_completion.active[bufnr]
    local whole = completor and completor.show and completor.handler and completor.reset_timer
    return whole and completor.count_items and completor or nil
  end)
  return holds and found or nil
end

---@param found vim.lsp.inline_completion.Item
---@return vernacular.Item
local function item_of(found)
  local row, start_col = unpack(vim.api.nvim_win_get_cursor(0))
  row = row - 1
  local end_row, end_col = row, start_col
  if found.range then
    row, start_col, end_row, end_col = found.range:to_extmark()
  end
  return {
    text = (found.insert_text --[[@as string]]):gsub('\r\n', '\n'),
    row = row,
    start_col = start_col,
    end_col = end_row == row and end_col or start_col,
    client_id = found.client_id,
    command = found.command,
  }
end

--- What is left of an item where the cursor is, and the columns that it replaces there.
---@param item vernacular.Item
---@return string? left Nothing where it does not belong there any more.
---@return integer row, integer start_col, integer end_col All zero-based, columns in bytes.
function M.left_of(item)
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  row = row - 1
  if item.row ~= row or item.start_col > col then
    return nil, row, col, col
  end
  local typed = vim.api.nvim_buf_get_text(0, row, item.start_col, row, col, {})[1]
  if not vim.startswith(item.text, typed) then
    return nil, row, col, col
  end
  return item.text:sub(#typed + 1), row, col, math.max(col, item.end_col)
end

--- Take away what no longer fits what stands before the cursor: Neovim leaves it until the next answer is there.
---@param bufnr integer
local function drop_stale(bufnr)
  local completor = of(bufnr)
  local current = completor and completor.current
  if not (completor and current) or type(current.insert_text) ~= 'string' then
    return
  end
  local client = vim.lsp.get_client_by_id(current.client_id)
  local left = client and client.name == NAME and M.left_of(item_of(current))
  if left == nil or left == '' then
    completor.current = nil
    completor:show()
  end
end

--- Show ghost text of the language servers in a buffer.
---@param bufnr integer
function M.attach(bufnr)
  vim.lsp.inline_completion.enable(true, { bufnr = bufnr })
  local group = vim.api.nvim_create_augroup(GROUP, { clear = false })
  local function follow()
    if vim.api.nvim_buf_is_valid(bufnr) then
      vim.api.nvim_clear_autocmds({ group = group, buffer = bufnr })
      vim.api.nvim_create_autocmd({ 'CursorMovedI', 'TextChangedP' }, {
        group = group,
        buffer = bufnr,
        callback = function()
          drop_stale(bufnr)
        end,
      })
    end
  end
  vim.schedule(vim.schedule_wrap(follow)) -- after Neovim's own, which it makes a moment after this
end

--- Put the rest of an item on display again, at the cursor.
---@param found vim.lsp.inline_completion.Item
---@param rest string
local function keep(found, rest)
  local bufnr = vim.api.nvim_get_current_buf()
  local completor, client = of(bufnr), vim.lsp.get_client_by_id(found.client_id)
  if not (completor and client) then
    return
  end
  local here = vim.lsp.util.make_position_params(0, client.offset_encoding).position
  local kept = vim.tbl_extend('force', found, { insert_text = rest }) --[[@as vim.lsp.inline_completion.Item]]
  kept.range = vim.range.lsp(bufnr, { start = here, ['end'] = here }, client.offset_encoding)
  completor.current = kept
  completor:show()
end

--- Hand the item on display in the current buffer to `use`; what that gives back stays on display, at the cursor then.
---@param foreign_too boolean Whether Neovim is to put in an item of another language server, which `use` never sees.
---@param use fun(item: vernacular.Item): string?
---@return boolean foreign Whether it did so.
function M.take(foreign_too, use)
  local answered, foreign = false, false
  local asked = vim.lsp.inline_completion.get({
    on_accept = function(found)
      answered = true
      local client = vim.lsp.get_client_by_id(found.client_id)
      if type(found.insert_text) ~= 'string' or (client and client.name ~= NAME) then
        foreign = foreign_too
        return foreign and found or nil
      end
      local rest = use(item_of(found))
      if rest then
        keep(found, rest)
      end
    end,
  })
  if asked then
    -- Neovim hands the item over a moment later; keys that are typed ahead must not come before it.
    vim.wait(HANDED_OVER_MS, function()
      return answered
    end, 1)
  end
  return foreign
end

--- Ask for several proposals at the cursor, and show the first with its number.
---@return boolean asked
function M.invoke()
  local bufnr = vim.api.nvim_get_current_buf()
  local client, completor = vim.lsp.get_clients({ bufnr = bufnr, name = NAME, method = METHOD })[1], of(bufnr)
  if not (client and completor) then
    return false
  end
  completor:reset_timer() -- an answer to Neovim's own request would take these away again
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  ---@cast params lsp.InlineCompletionParams
  params.context = { triggerKind = INVOKED }
  local tick = vim.api.nvim_buf_get_changedtick(bufnr)
  client:request(METHOD, params, function(err, result, ctx)
    if vim.api.nvim_buf_is_valid(bufnr) and vim.api.nvim_buf_get_changedtick(bufnr) == tick then
      completor:handler(err, result, ctx)
      vim.lsp.inline_completion.select({ bufnr = bufnr, count = 0 }) -- shows which of how many it is
    end
  end, bufnr)
  return true
end

--- Show the proposal that comes `step` after the one on display.
---@param step integer
---@return boolean shown Whether there was any.
function M.turn(step)
  local completor = of(vim.api.nvim_get_current_buf())
  if not (completor and completor.current) then
    return false
  end
  if completor:count_items() > 1 then
    vim.lsp.inline_completion.select({ count = step })
    return true
  end
  return M.invoke()
end

return M
