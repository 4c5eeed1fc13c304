--- Ghost text from a Vernacular completion server. `setup()` is all that a user calls.

local M = {}

---@type vernacular.Options?
M.options = nil

--- What was wrong with the options that the last `setup()` was given.
---@type string?
M.problem = nil

local OLDEST = '0.12'

--- Start the language server for the file types, turn ghost text on, map the keys.
---
--- May be called again with other options: what no longer holds is taken back, and a language server that runs is told
--- of settings that changed. Options that are wrong are said in one line and change nothing: an error would end the
--- user's init.lua with a stack trace.
---@param given? table<string, any> See |vernacular-options|.
function M.setup(given)
  if vim.fn.has('nvim-' .. OLDEST) == 0 then
    local needed = ('Neovim %s or newer is needed'):format(OLDEST)
    require('vernacular.notice').say(needed, vim.log.levels.ERROR, ':help vernacular-older')
    return
  end
  local holds, options = pcall(require('vernacular.schema').resolve, given)
  M.problem = not holds and options or nil
  if not holds then
    require('vernacular.notice').say(options, vim.log.levels.ERROR)
    return
  end
  M.options = options
  vim.filetype.add({ extension = options.extensions })
  require('vernacular.keymap').map(options)
  require('vernacular.client').start(options)
end

--- Accept the ghost text on display in the current buffer.
---
--- What was typed through since it was proposed is kept once. Text that no longer fits what stands there is not
--- inserted.
---@return boolean inserted
function M.accept()
  return require('vernacular.accept').accept('all')
end

--- Accept the next word of the ghost text; the rest stays on display.
---@return boolean inserted
function M.accept_word()
  return require('vernacular.accept').accept('word')
end

--- Accept the ghost text's next line; the rest stays on display.
---@return boolean inserted
function M.accept_line()
  return require('vernacular.accept').accept('line')
end

--- Ask for several proposals at the cursor, now.
---@return boolean asked
function M.trigger()
  return require('vernacular.ghost').invoke()
end

--- Show the next proposal; asks for several where there is only one.
---@return boolean shown Whether there was ghost text to take turns with.
function M.next()
  return require('vernacular.ghost').turn(1)
end

--- Show the previous proposal; asks for several where there is only one.
---@return boolean shown
function M.previous()
  return require('vernacular.ghost').turn(-1)
end

--- Turn ghost text off, or on again.
---@param where? 'everywhere'|'buffer'|'filetype'
---@param filetype? string The current buffer's where it is left out.
---@return boolean on
function M.toggle(where, filetype)
  return require('vernacular.switch').toggle(where or 'everywhere', filetype)
end

--- Show what the model would be given at the cursor, and why.
function M.explain()
  require('vernacular.explain').explain()
end

--- Write the code that the comment at the cursor asks for, as a preview to accept or to reject.
function M.generate()
  require('vernacular.generate').generate()
end

--- What is known of the completion server: `state`, `detail`, and where they are known `model` and `server`.
---@return vernacular.Status
function M.status()
  return require('vernacular.status').current
end

--- One word on the current buffer for a status line, such as "vernacular: ready"; nothing in other file types.
---@return string
function M.statusline()
  local state = require('vernacular.statusline').state()
  return state == '' and '' or 'vernacular: ' .. state
end

return M
