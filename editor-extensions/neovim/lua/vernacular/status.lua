--- What the language server says of the completion server. Trouble is shown once, and so is its end.

local M = {}

---@class vernacular.Status
---@field state 'unknown'|'ready'|'starting'|'slow'|'unreachable'|'failed'|'refused'|'incompatible'
---@field detail string

---@type vernacular.Status
M.current = { state = 'unknown', detail = 'the language server has not said yet' }

---@param status vernacular.Status
function M.update(status)
  local before = M.current
  M.current = status
  vim.api.nvim_exec_autocmds('User', { pattern = 'VernacularStatus', modeline = false, data = status })
  local options = require('vernacular').options
  if not (options and options.notify) or status.state == before.state then
    return
  end
  if status.state ~= 'ready' then
    vim.notify(('vernacular: %s: %s'):format(status.state, status.detail), vim.log.levels.WARN)
  elseif before.state ~= 'unknown' then
    vim.notify(('vernacular: ready: %s'):format(status.detail), vim.log.levels.INFO)
  end
end

return M
