--- Where the language server comes from: `cmd`, else PATH, else a virtual environment of the plugin's own, which
--- `:Vernacular install` makes.

local M = {}

local PROGRAM = 'vernacular-lsp'
local OLDEST = { 3, 11 }

local function folder()
  return vim.fs.joinpath(vim.fn.stdpath('data') --[[@as string]], 'vernacular', 'venv')
end

---@param name string
---@return string
local function inside(name)
  local windows = vim.fn.has('win32') == 1
  return vim.fs.joinpath(folder(), windows and 'Scripts' or 'bin', windows and name .. '.exe' or name)
end

--- The command that starts the language server, or one line on why there is none, and what to do about it.
---@param options vernacular.Options
---@return string[]? command
---@return string problem
---@return string? leads_on
function M.command(options)
  if options.cmd then
    if vim.fn.executable(options.cmd[1]) == 1 then
      return options.cmd, ''
    end
    return nil, 'cmd is not found: ' .. options.cmd[1], 'correct it, or leave it out'
  end
  for _, candidate in ipairs({ PROGRAM, inside(PROGRAM) }) do
    if vim.fn.executable(candidate) == 1 then
      return { candidate }, ''
    end
  end
  return nil, PROGRAM .. ' is not found', 'run :Vernacular install'
end

--- The checkout that this plugin stands in, if it stands in one.
---@return string?
local function checkout()
  local root = vim.fs.dirname(vim.fs.dirname(vim.api.nvim_get_runtime_file('plugin/vernacular.lua', false)[1] or ''))
  root = vim.fs.normalize(vim.fs.joinpath(root, '..', '..'))
  return vim.uv.fs_stat(vim.fs.joinpath(root, 'lsp', 'main.py')) and root or nil
end

--- What pip is to install for what the user named: a checkout, a wheel, or a requirement.
---@param source? string
---@return string? requirement
local function requirement(source)
  source = source and vim.fn.expand(source) or checkout()
  if not source then
    return nil
  end
  source = vim.uv.fs_stat(source) and vim.fn.fnamemodify(source, ':p'):gsub('[/\\]$', '') or source
  if source:find('[', 1, true) then
    return source
  end
  local name, rest = source:match('^([%w._-]+)([=<>!~].*)$')
  return name and ('%s[lsp]%s'):format(name, rest) or source .. '[lsp]'
end

---@param text string
---@param leads_on? string
local function warn(text, leads_on)
  require('vernacular.notice').warn(text, leads_on)
end

---@param command string[]
---@param done fun(output: string)
---@param failed fun(output: string)
---@param variables? table<string, string> For its environment.
local function run(command, done, failed, variables)
  local function ended(result)
    local output = vim.trim((result.stdout or '') .. (result.stderr or ''))
    require('vernacular.log').add(('$ %s\n%s'):format(table.concat(command, ' '), output))
    if result.code == 0 then
      done(output)
    else
      failed(output)
    end
  end
  local started, problem = pcall(vim.system, command, { text = true, env = variables }, vim.schedule_wrap(ended))
  if not started then
    vim.schedule(function()
      failed(tostring(problem))
    end)
  end
end

---@param output string
---@return string
local function last_line(output)
  local lines = vim.split(output, '\n', { trimempty = true })
  for index = #lines, 1, -1 do
    if vim.startswith(lines[index], 'ERROR') then
      return lines[index]
    end
  end
  return lines[#lines] or 'it said nothing'
end

--- What tells setuptools to build elsewhere than in the checkout that is installed.
---@return table<string, string> variables
local function building_elsewhere()
  local elsewhere = vim.fn.tempname()
  vim.fn.mkdir(elsewhere, 'p')
  local file = vim.fs.joinpath(elsewhere, 'setup.cfg')
  vim.fn.writefile({ '[build]', 'build_base = ' .. elsewhere, '[egg_info]', 'egg_base = ' .. elsewhere }, file)
  return { DIST_EXTRA_CONFIG = file }
end

---@param python string
---@param wanted string
---@param more string[]
local function make(python, wanted, more)
  require('vernacular.notice').say('installing the language server; that takes a moment')
  local function pip_failed(output)
    warn(('pip could not install %s: %s'):format(wanted, last_line(output)), ':Vernacular log')
  end
  run({ python, '-m', 'venv', '--clear', folder() }, function()
    local pip = { inside('python'), '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', wanted }
    run(vim.list_extend(pip, more), function()
      run({ inside(PROGRAM), '--version' }, function(version)
        if (require('vernacular').options or {}).cmd then
          warn('installed; leave cmd out of setup() to use it')
          return
        end
        require('vernacular.notice').say(version .. ' is installed')
        require('vernacular.client').again()
      end, pip_failed)
    end, pip_failed, building_elsewhere())
  end, function(output)
    warn('no virtual environment: ' .. last_line(output), 'Debian: install python3-venv')
  end)
end

--- Make the virtual environment anew, in the background, and start the language server from it.
---@param source? string A checkout, a wheel or a requirement; this plugin's own checkout where it is left out.
---@param more string[] Further arguments for pip, such as `--index-url URL`.
function M.install(source, more)
  local options = require('vernacular').options
  local python = options and options.python or 'python3'
  local wanted = requirement(source)
  if not wanted then
    warn('what is to be installed?', ':help :Vernacular-install')
    return
  end
  local newer = ('Python %d.%d or newer is needed'):format(unpack(OLDEST))
  local option = ':help vernacular-python'
  run({ python, '-c', 'import sys; print(*sys.version_info[:2], sep=".")' }, function(output)
    local version = vim.version.parse(output, { strict = false })
    if not version or vim.version.lt(version, OLDEST) then
      warn(('%s; %s is %s'):format(newer, python, output), option)
    else
      make(python, wanted, more)
    end
  end, function()
    warn(('%s; %s does not run'):format(newer, python), option)
  end)
end

return M
