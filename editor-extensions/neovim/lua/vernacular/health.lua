--- `:checkhealth vernacular`

local M = {}

local TIMEOUT_MS = 15000
local OTHERS = { cmp = 'nvim-cmp', ['blink.cmp'] = 'blink.cmp', copilot = 'copilot.lua', supermaven = 'supermaven' }

---@param command string[]
---@param arguments string[]
---@return integer code, string output
local function run(command, arguments)
  local started, process = pcall(vim.system, vim.list_extend(vim.deepcopy(command), arguments), { text = true })
  if not started then
    return -1, tostring(process)
  end
  local result = process:wait(TIMEOUT_MS)
  return result.code, vim.trim((result.stdout or '') .. (result.stderr or ''))
end

local function check_neovim()
  local version = tostring(vim.version())
  if vim.fn.has('nvim-0.12') == 1 then
    vim.health.ok('Neovim ' .. version)
  else
    vim.health.error('Neovim ' .. version .. ' has no inline completion', 'Install Neovim 0.12 or newer')
  end
end

---@param options vernacular.Options
---@return string[]? command
local function check_command(options)
  local command, problem, leads_on = require('vernacular.install').command(options)
  if not command then
    vim.health.error(('%s: %s'):format(problem, leads_on), {
      'Install it with :Vernacular install, and leave cmd out of setup(); see :help vernacular-setup',
      'Or name it in setup { cmd = { "/path/to/vernacular-lsp" } }',
    })
    return nil
  end
  local path = vim.fn.exepath(command[1])
  local code, output = run(command, { '--version' })
  if code ~= 0 then
    vim.health.error(('%s does not start: %s'):format(path, output), 'Run it in a shell to see why')
    return nil
  end
  vim.health.ok(('%s (%s)'):format(output, path))
  return command
end

---@param options vernacular.Options
---@param command string[]
local function check_server(options, command)
  local arguments = { '--check' }
  local url = options.server_url or options.settings.server_url
  if url then
    vim.list_extend(arguments, { '--server', tostring(url) })
  end
  local code, output = run(command, arguments)
  if code == 0 then
    vim.health.ok('completion server ' .. output)
  elseif vim.startswith(output, 'starting') then
    vim.health.warn('completion server ' .. output, 'Wait until it has loaded its model')
  else
    vim.health.error('completion server ' .. output, {
      'Start it with: vernacular serve',
      'Or name another one in setup { server_url = "http://HOST:PORT" }',
    })
  end
end

---@param options vernacular.Options
local function check_key(options)
  local file = options.api_key_file or options.settings.api_key_file or vim.env.VERNACULAR_API_KEY_FILE
  if (vim.env.VERNACULAR_API_KEY or '') ~= '' then
    vim.health.ok('API key: from the environment variable VERNACULAR_API_KEY')
  elseif file then
    if vim.uv.fs_access(vim.fs.normalize(file), 'R') then
      vim.health.ok('API key: from the file ' .. file)
    else
      vim.health.error(('API key: the file %s cannot be read'):format(file), 'See :help vernacular-key')
    end
  else
    vim.health.info('API key: none; a server that asks for one says so. See :help vernacular-key')
  end
end

local function check_session()
  local clients = vim.lsp.get_clients({ name = 'vernacular' })
  if #clients > 0 then
    local status = require('vernacular.status').current
    vim.health.info(('the language server runs and last said: %s: %s'):format(status.state, status.detail))
    for _, client in ipairs(clients) do
      vim.health.info('root folder: ' .. (client.root_dir or 'none'))
    end
    return
  end
  local given_up = require('vernacular.client').given_up
  if given_up then
    vim.health.error(given_up, ':Vernacular log says more')
  elseif not require('vernacular.switch').everywhere then
    vim.health.info('ghost text is off everywhere: :Vernacular toggle turns it on')
  else
    vim.health.info('the language server is not running: open a file of one of these types')
  end
end

---@param options vernacular.Options
local function check_keys(options)
  local bindings = require('vernacular.keymap').keys
  for option in vim.spairs(bindings) do
    local key, does = options[option], bindings[option].does
    if not key then
      vim.health.info(('no key for: %s'):format(does))
    elseif vim.fn.maparg(key, 'i', false, true).desc == does .. ' (vernacular)' then
      vim.health.ok(('%s: %s'):format(key, does))
    else
      vim.health.warn(('%s was mapped to something else after setup()'):format(key), {
        'Call setup() after the other plugin, or give another ' .. option,
      })
    end
  end
end

---@param options vernacular.Options
local function check_file_types(options)
  vim.health.info('file types: ' .. table.concat(options.filetypes, ', '))
  for _, filetype in ipairs(options.filetypes) do
    local known = vim.list_contains(vim.fn.getcompletion(filetype, 'filetype'), filetype)
    if not known and not vim.list_contains(vim.tbl_values(options.extensions), filetype) then
      vim.health.warn(
        ('Neovim knows no file type "%s"'):format(filetype),
        'Name its endings in setup { extensions = ... }'
      )
    end
  end
end

local function check_neighbours()
  for module, name in vim.spairs(OTHERS) do
    if package.loaded[module] then
      vim.health.info(('%s is loaded: for its <Tab>, see :help vernacular-menus'):format(name))
    end
  end
end

function M.check()
  vim.health.start('vernacular')
  check_neovim()
  local plugin = require('vernacular')
  if plugin.problem then
    vim.health.error('setup() was given what it does not take: ' .. plugin.problem)
  elseif not plugin.options then
    vim.health.warn('setup() was not called', "Add require('vernacular').setup() to your init.lua")
  end
  local options = plugin.options or require('vernacular.schema').resolve()
  local command = check_command(options)
  if command then
    check_server(options, command)
  end
  check_key(options)
  if plugin.options then
    check_session()
    check_keys(options)
  end
  check_file_types(options)
  check_neighbours()
end

return M
