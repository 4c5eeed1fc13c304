--- What the language server says of the completion server. Trouble is shown once, and so is its end.

local M = {}

---@class vernacular.Status
---@field state 'unknown'|'ready'|'starting'|'slow'|'unreachable'|'failed'|'refused'|'incompatible'
---@field detail string
---@field model? string Which model answers.
---@field server? string Its URL.

---@type vernacular.Status
local UNKNOWN = { state = 'unknown', detail = 'the language server is asking the completion server' }

---@type vernacular.Status
M.current = UNKNOWN

-- Trouble may come and go, as with a server that is slow now and then: the same one is said again after this time.
local QUIET_MS = 5 * 60 * 1000

---@type table<string, integer> When each trouble was last said, by Neovim's clock.
local said_ms = {}
-- Whether trouble was said whose end was not.
local its_end = false

---@type table<string, string>
local LEADS_ON = { refused = ':help vernacular-key', incompatible = ':checkhealth vernacular' }

---@param status vernacular.Status
local function say(status)
  local level = vim.log.levels[status.state == 'ready' and 'INFO' or 'WARN']
  -- That nobody answers needs no name, and leaves more room for where.
  local text = status.state == 'unreachable' and status.detail or ('%s: %s'):format(status.state, status.detail)
  require('vernacular.notice').say(text, level, LEADS_ON[status.state], ':Vernacular')
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
  local now = vim.uv.now()
  if status.state ~= 'ready' then
    local trouble = status.state .. (status.server or '')
    if now - (said_ms[trouble] or -QUIET_MS) >= QUIET_MS then
      said_ms[trouble], its_end = now, true
      say(status)
    end
  elseif its_end then
    its_end = false
    say(status)
  end
end

--- Nobody says anything any more: the language server was stopped.
function M.forget()
  M.current = UNKNOWN
end

return M
