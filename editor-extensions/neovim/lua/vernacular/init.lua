--- Ghost text from a Vernacular completion server. `setup()` is all that a user calls.

local M = {}

---@type vernacular.Options?
M.options = nil

--- What was wrong with the options that the last `setup()` was given.
---@type string?
M.problem = nil

local NAME = 'vernacular'
local MINIMUM = '0.12'

---@param options vernacular.Options
---@return vim.lsp.Config
local function client_config(options)
  local settings = vim.tbl_extend('force', options.settings, { server_url = options.server_url })
  return {
    cmd = options.cmd,
    filetypes = options.filetypes,
    root_markers = options.root_markers,
    init_options = settings,
    -- The server asks for the completion when it hears of a key, while Neovim waits 200 ms before it asks.
    flags = { debounce_text_changes = 0 },
    handlers = {
      ['vernacular/status'] = function(_, status)
        require('vernacular.status').update(status)
      end,
    },
    on_attach = function(client, bufnr)
      if client:supports_method('textDocument/inlineCompletion') then
        vim.lsp.inline_completion.enable(true, { bufnr = bufnr })
        require('vernacular.diagnostics').follow(client, bufnr)
      end
    end,
  }
end

--- Start the language server for the file types, turn ghost text on, map the key that accepts it.
---
--- May be called again with other options: what no longer holds is taken back. Options that are wrong are said in
--- one line and change nothing: an error would end the user's init.lua with a stack trace.
---@param given? table<string, any> See |vernacular-options|.
function M.setup(given)
  if vim.fn.has('nvim-' .. MINIMUM) == 0 then
    vim.notify(('vernacular: Neovim %s or newer is needed'):format(MINIMUM), vim.log.levels.ERROR)
    return
  end
  local holds, options = pcall(require('vernacular.schema').resolve, given)
  M.problem = not holds and options or nil
  if not holds then
    vim.notify(options, vim.log.levels.ERROR)
    return
  end
  local before = M.options
  M.options = options

  vim.filetype.add({ extension = options.extensions })
  require('vernacular.keymap').map(options.accept_key)
  if vim.fn.executable(options.cmd[1]) == 0 then
    local hint = 'install it, or name it in cmd: see :help vernacular-setup'
    vim.notify(('vernacular: %s is not found; %s'):format(options.cmd[1], hint), vim.log.levels.WARN)
    vim.lsp.enable(NAME, false)
    return
  end
  if before and not vim.deep_equal(before, options) then
    vim.lsp.enable(NAME, false)
  end
  vim.lsp.config[NAME] = client_config(options)
  vim.lsp.enable(NAME)
end

--- Accept the ghost text on display in the current buffer.
---
--- What was typed through since it was proposed is kept once. Text that no longer fits what stands there is not
--- inserted.
---@return boolean inserted
function M.accept()
  return require('vernacular.accept').accept()
end

--- What is known of the completion server, for a status line: `state` and `detail`.
---@return vernacular.Status
function M.status()
  return require('vernacular.status').current
end

return M
