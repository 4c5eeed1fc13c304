--- `:checkhealth vernacular`

local M = {}

local TIMEOUT_MS = 15000

---@param cmd string[]
---@param arguments string[]
---@return integer code, string output
local function run(cmd, arguments)
  local started, process = pcall(vim.system, vim.list_extend(vim.deepcopy(cmd), arguments), { text = true })
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
---@return boolean found
local function check_command(options)
  local path = vim.fn.exepath(options.cmd[1])
  if path == '' then
    vim.health.error(('%s is not found'):format(options.cmd[1]), {
      'Install it: see :help vernacular-setup',
      'Or name it in setup { cmd = { "/path/to/vernacular-lsp" } }',
    })
    return false
  end
  local code, output = run(options.cmd, { '--version' })
  if code ~= 0 then
    vim.health.error(('%s does not start: %s'):format(path, output), 'Run it in a shell to see why')
    return false
  end
  vim.health.ok(('%s (%s)'):format(output, path))
  return true
end

---@param options vernacular.Options
local function check_server(options)
  local arguments = { '--check' }
  local url = options.server_url or options.settings.server_url
  if url then
    vim.list_extend(arguments, { '--server', tostring(url) })
  end
  local code, output = run(options.cmd, arguments)
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
local function check_session(options)
  vim.health.info('file types: ' .. table.concat(options.filetypes, ', '))
  local clients = vim.lsp.get_clients({ name = 'vernacular' })
  if #clients == 0 then
    vim.health.info('the language server is not running: open a file of one of these types')
  else
    local status = require('vernacular.status').current
    vim.health.info(('the language server runs and last said: %s: %s'):format(status.state, status.detail))
  end
  if options.accept_key then
    local mapping = vim.fn.maparg(options.accept_key, 'i', false, true)
    if (mapping.desc or ''):find('vernacular', 1, true) then
      vim.health.ok(options.accept_key .. ' accepts ghost text')
    else
      vim.health.warn(options.accept_key .. ' was mapped to something else after setup()', {
        'Call setup() after the other plugin, or give another accept_key',
      })
    end
  end
end

function M.check()
  vim.health.start('vernacular')
  check_neovim()
  local options, problem = require('vernacular').options, require('vernacular').problem
  if problem then
    vim.health.error('setup() was given what it does not take: ' .. problem)
  elseif not options then
    vim.health.warn('setup() was not called', "Add require('vernacular').setup() to your init.lua")
  end
  options = options or require('vernacular.schema').resolve()
  if check_command(options) then
    check_server(options)
    check_session(options)
  end
end

return M
