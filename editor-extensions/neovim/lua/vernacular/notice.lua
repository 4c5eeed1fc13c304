--- What a person is told unasked: one line that fits, so that Neovim does not wait for ENTER; all of it in the log.

local M = {}

local CUT = '…'

--- Say something, and keep it for `:Vernacular log`. What there is no room for is left out of `text`, at its end.
---@param text string Without the plugin's name.
---@param level? integer One of `vim.log.levels`.
---@param leads_on? string What to do about it, such as a command.
---@param rest? string What shows the rest; the log.
function M.say(text, level, leads_on, rest)
  require('vernacular.log').add(leads_on and ('%s (%s)'):format(text, leads_on) or text)
  local whole = 'vernacular: ' .. text:gsub('%s*\n%s*', ' ')
  local hint = leads_on and (' (%s)'):format(leads_on) or ''
  if vim.fn.strdisplaywidth(whole .. hint) > vim.v.echospace then
    hint = hint ~= '' and hint or (' (%s)'):format(rest or ':Vernacular log')
    local room = vim.v.echospace - vim.fn.strdisplaywidth(CUT .. hint)
    whole = vim.fn.printf(('%%.%dS'):format(math.max(room, 0)), whole) .. CUT
  end
  vim.notify(whole .. hint, level or vim.log.levels.INFO)
end

--- The same of something that went wrong.
---@param text string
---@param leads_on? string
function M.warn(text, leads_on)
  M.say(text, vim.log.levels.WARN, leads_on)
end

return M
