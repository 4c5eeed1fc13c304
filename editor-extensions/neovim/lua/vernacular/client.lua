--- The language server's process: started, told of settings, started again after a crash, given up in a loop of them.

local M = {}

local NAME = 'vernacular'
local MOST_CRASHES, WITHIN_MS = 3, 60000
local AGAIN_AFTER_MS = 500
local NO_SETUP = 'setup() was not called: see :help vernacular-setup'

--- Why the language server is not started any more, until somebody says so.
---@type string?
M.given_up = nil

---@type vernacular.Options?
local current
---@type integer[] When it crashed, in ms of Neovim's clock.
local crashes = {}
-- Whether somebody waits to hear that it is there again.
local restarting = false

---@param client vim.lsp.Client
---@param bufnr integer
local function attached(client, bufnr)
  if package.loaded['vernacular.placeholder'] then
    require('vernacular.placeholder').release(bufnr)
  end
  if client:supports_method('textDocument/inlineCompletion') then
    require('vernacular.ghost').attach(bufnr)
    require('vernacular.diagnostics').follow(client, bufnr)
  end
end

---@param client vim.lsp.Client
local function started(client)
  if restarting then
    restarting = false
    local version = (client.server_info or {}).version
    require('vernacular.notice').say(('the language server%s is up again'):format(version and ' ' .. version or ''))
  end
end

---@param code integer
---@param signal integer
---@return string
local function cause(code, signal)
  local what = signal ~= 0 and ('signal %d'):format(signal) or ('exit status %d'):format(code)
  local said = require('vernacular.log').standard_error()
  local last = signal == 0 and said[#said]
  return last and ('%s: %s'):format(what, vim.trim(last)) or what
end

---@param code integer
---@param signal integer
local function crashed(code, signal)
  local now = vim.uv.now()
  crashes = vim.tbl_filter(function(when)
    return now - when < WITHIN_MS
  end, crashes)
  table.insert(crashes, now)
  local why = cause(code, signal)
  require('vernacular.log').add(('the language server ended by itself (%s)'):format(why))
  require('vernacular.status').forget()
  if #crashes >= MOST_CRASHES then
    M.given_up = ('the language server ended %d times within a minute (%s); :Vernacular restart tries again'):format(
      #crashes,
      why
    )
    vim.lsp.enable(NAME, false)
    restarting = false
    require('vernacular.notice').say(M.given_up, vim.log.levels.ERROR, ':Vernacular log')
    vim.cmd.redrawstatus({ bang = true })
    return
  end
  vim.defer_fn(M.apply, AGAIN_AFTER_MS * 2 ^ (#crashes - 1))
end

--- The buffers of the language servers that are there.
---@return integer[]
local function served()
  local buffers = {}
  for _, client in ipairs(vim.lsp.get_clients({ name = NAME })) do
    vim.list_extend(buffers, vim.tbl_keys(client.attached_buffers))
  end
  return buffers
end

local function hold_all()
  vim.iter(served()):each(require('vernacular.placeholder').hold)
end

--- What starts the process, in the form that Neovim takes: it says of each crash itself, which here is said once.
---@param command string[]
---@return fun(dispatchers: vim.lsp.rpc.Dispatchers, config: vim.lsp.ClientConfig): vim.lsp.rpc.PublicClient
local function launcher(command)
  return function(dispatchers, config)
    local on_exit = dispatchers.on_exit
    dispatchers.on_exit = function(code, signal)
      vim.schedule(hold_all) -- before Neovim takes the client away
      if code ~= 0 or (signal ~= 0 and signal ~= 15) then
        vim.schedule_wrap(crashed)(code, signal)
        on_exit(0, 0)
      else
        on_exit(code, signal)
      end
    end
    return vim.lsp.rpc.start(command, dispatchers, { cwd = config.cmd_cwd, env = config.cmd_env })
  end
end

---@param options vernacular.Options
---@return table<string, any>
local function settings_of(options)
  local above = { server_url = options.server_url, api_key_file = options.api_key_file }
  local settings = vim.tbl_extend('force', options.settings, above)
  settings.enabled = nil -- this side's switch, so that nothing at all goes out
  return settings
end

---@param options vernacular.Options
---@param command string[]
---@return vim.lsp.Config
local function config_of(options, command)
  return {
    cmd = launcher(command),
    filetypes = options.filetypes,
    root_dir = function(bufnr, on_dir)
      if require('vernacular.switch').is_on(bufnr) then
        on_dir(vim.fs.root(bufnr, options.root_markers))
      end
    end,
    init_options = settings_of(options),
    -- The server asks for the completion when it hears of a key, while Neovim waits 200 ms before it asks.
    flags = { debounce_text_changes = 0 },
    handlers = {
      ['vernacular/status'] = function(_, status)
        require('vernacular.status').update(status)
      end,
      ['window/showMessage'] = function(_, params)
        local text = params.message:gsub('^vernacular: ', '')
        if params.type <= vim.lsp.protocol.MessageType.Warning then
          require('vernacular.notice').warn(text)
        else
          vim.notify('vernacular: ' .. text) -- all of it: where to sign in, with which code
        end
      end,
      ['window/logMessage'] = function(err, params, ctx)
        require('vernacular.log').add(params.message)
        return vim.lsp.handlers['window/logMessage'](err, params, ctx)
      end,
      ['$/progress'] = function(err, params, ctx)
        if not require('vernacular.generate').hear(params) then
          return vim.lsp.handlers['$/progress'](err, params, ctx)
        end
      end,
    },
    on_init = started,
    on_attach = attached,
  }
end

--- Whether `after` differs from `before` in settings alone, and takes none of them back: a running server can be told.
---@param before vernacular.Options
---@param after vernacular.Options
---@return boolean
local function only_settings_differ(before, after)
  local kept = { settings = before.settings, server_url = before.server_url, api_key_file = before.api_key_file }
  if not vim.deep_equal(before, vim.tbl_extend('force', after, kept)) then
    return false
  end
  local new = settings_of(after)
  return vim.iter(pairs(settings_of(before))):all(function(name)
    return new[name] ~= nil
  end)
end

--- Start the language server with these options, or tell the running one of them.
---@param options vernacular.Options
function M.start(options)
  local before = current
  current = options
  require('vernacular.switch').everywhere = options.settings.enabled ~= false
  local command, problem, leads_on = require('vernacular.install').command(options)
  if not command then
    M.given_up = ('%s: %s'):format(problem, leads_on)
    vim.lsp.enable(NAME, false)
    require('vernacular.notice').warn(problem, leads_on)
    return
  end
  local running = before and #vim.lsp.get_clients({ name = NAME }) > 0
  if running and before and not vim.deep_equal(before, options) then
    if only_settings_differ(before, options) then
      for _, client in ipairs(vim.lsp.get_clients({ name = NAME })) do
        client:notify('workspace/didChangeConfiguration', { settings = { vernacular = settings_of(options) } })
      end
    else
      vim.lsp.enable(NAME, false)
    end
  end
  M.given_up, crashes = nil, {}
  vim.lsp.config[NAME] = config_of(options, command)
  M.apply()
end

--- Let the language server serve the buffers where ghost text is on, and no others.
function M.apply()
  local switch = require('vernacular.switch')
  if not current or M.given_up then
    return
  end
  if not switch.everywhere then
    vim.lsp.enable(NAME, false)
    require('vernacular.status').forget()
    return
  end
  for _, client in ipairs(vim.lsp.get_clients({ name = NAME })) do
    for bufnr in pairs(client.attached_buffers) do
      if not switch.is_on(bufnr) then
        require('vernacular.placeholder').hold(bufnr)
        vim.lsp.buf_detach_client(bufnr, client.id)
      end
    end
  end
  vim.lsp.enable(NAME)
end

--- End the language server and start it again, as `setup()` last said. Says nothing unless it cannot.
function M.again()
  if not current then
    require('vernacular.notice').warn(NO_SETUP)
    return
  end
  vim.lsp.enable(NAME, false)
  require('vernacular.status').forget()
  M.start(current)
end

---@param bufnr integer
---@return boolean
local function is_for(bufnr)
  return vim.api.nvim_buf_is_loaded(bufnr)
    and vim.list_contains(current.filetypes, vim.bo[bufnr].filetype)
    and require('vernacular.switch').is_on(bufnr)
end

--- The same, and say when it is there again, or why it is not.
function M.restart()
  restarting = true
  M.again()
  if not current or M.given_up then
    restarting = false
  elseif not vim.iter(vim.api.nvim_list_bufs()):any(is_for) then
    restarting = false
    local why = require('vernacular.switch').reason()
    local when = 'the language server starts with the next file that it is for'
    require('vernacular.notice').say(why and 'not started: ' .. why or when)
  end
end

--- The language server of the current buffer, or why there is none.
---@return vim.lsp.Client? client
---@return string problem
function M.of_buffer()
  local client = vim.lsp.get_clients({ bufnr = vim.api.nvim_get_current_buf(), name = NAME })[1]
  if client then
    return client, ''
  end
  if not current then
    return nil, NO_SETUP
  end
  local problem = require('vernacular.switch').reason() or M.given_up
  if not problem and not vim.list_contains(current.filetypes, vim.bo.filetype) then
    problem = ('file type "%s" is not among filetypes in setup()'):format(vim.bo.filetype)
  end
  return nil, problem or 'the language server is starting'
end

return M
