--- What the language server says of the completion server. Trouble is shown once, and so is its end.

local M = {}

---@class vernacular.Status
---@field state 'unknown'|'ready'|'starting'|'slow'|'unreachable'|'failed'|'refused'|'incompatible'
---@field detail string
---@field model? string Which model answers.
---@field server? string Its URL.

---@type vernacular.Status
local UNKNOWN = { state = 'unknown', detail = 'the language server has not said yet' }

---@type vernacular.Status
M.current = UNKNOWN

---@type table<string, string>
local LEADS_ON = { refused = ':Vernacular signin, or :help vernacular-key', incompatible = ':checkhealth vernacular' }

---@param status vernacular.Status
local function say(status)
  local text = ('vernacular: %s: %s'):format(status.state, status.detail)
  local hint = LEADS_ON[status.state]
  vim.notify(
    hint and ('%s (%s)'):format(text, hint) or text,
    vim.log.levels[status.state == 'ready' and 'INFO' or 'WARN']
  )
end

---@param status vernacular.Status
function M.update(status)
  local before = M.current
  M.current = status
  vim.api.nvim_exec_autocmds('User', { pattern = 'VernacularStatus', modeline = false, data = status })
  local options = require('vernacular').options
  if not (options and options.notify) or status.state == before.state then
    return
  end
  if status.state ~= 'ready' or before.state ~= 'unknown' then
    say(status)
  end
end

--- Nobody says anything any more: the language server was stopped.
function M.forget()
  M.current = UNKNOWN
end

return M
