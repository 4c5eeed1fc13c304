--- One word for a status line. Nothing is watched before it is asked for the first time.

local M = {}

---@alias vernacular.State ''|'ready'|'working'|'starting'|'offline'|'off'

local OURS = { ['textDocument/inlineCompletion'] = true }
-- What is answered sooner is not worth a flicker.
local WORKING_AFTER_MS = 150

---@type table<vernacular.Status['state'], vernacular.State>
local STATES = {
  unknown = 'starting',
  starting = 'starting',
  ready = 'ready',
  slow = 'ready',
  unreachable = 'offline',
  failed = 'offline',
  refused = 'offline',
  incompatible = 'offline',
}

---@type table<string, boolean> Requests that have no answer yet, by client and number.
local pending = {}
---@type table<string, boolean> Those of them that take long.
local long = {}
local watching = false

local function redraw()
  vim.cmd.redrawstatus({ bang = true })
end

---@param event { data: { client_id: integer, request_id: integer, request: { type: string, method: string } } }
local function requested(event)
  local data = event.data
  local client = vim.lsp.get_client_by_id(data.client_id)
  if not (client and client.name == 'vernacular') then
    return
  end
  local method = data.request.method
  if not (OURS[method] or vim.startswith(method, 'vernacular/')) then
    return
  end
  local key = ('%d:%d'):format(data.client_id, data.request_id)
  if data.request.type == 'pending' then
    pending[key] = true
    vim.defer_fn(function()
      if pending[key] then
        long[key] = true
        redraw()
      end
    end, WORKING_AFTER_MS)
    return
  end
  pending[key] = nil
  if long[key] then
    long[key] = nil
    redraw()
  end
end

local function watch()
  watching = true
  local group = vim.api.nvim_create_augroup('vernacular-statusline', {})
  vim.api.nvim_create_autocmd('LspRequest', { group = group, callback = requested })
  vim.api.nvim_create_autocmd({ 'LspAttach', 'LspDetach' }, { group = group, callback = vim.schedule_wrap(redraw) })
  vim.api.nvim_create_autocmd('User', { group = group, pattern = 'VernacularStatus', callback = redraw })
end

--- The current buffer's state; '' where it is no file of ours.
---@return vernacular.State
function M.state()
  local options = require('vernacular').options
  if not (options and vim.list_contains(options.filetypes, vim.bo.filetype)) then
    return ''
  end
  if not watching then
    watch()
  end
  if not require('vernacular.switch').is_on(vim.api.nvim_get_current_buf()) then
    return 'off'
  end
  if require('vernacular.client').given_up then
    return 'offline'
  end
  local known = require('vernacular.status').current.state
  local state = STATES[known]
  return (state == 'ready' or known == 'unknown') and next(long) and 'working' or state
end

return M
