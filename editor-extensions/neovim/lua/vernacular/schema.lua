--- The options of `setup()`: one table that gives the defaults, the checks and the help file's list.

local M = {}

---@class vernacular.Options
---@field cmd string[]
---@field server_url? string
---@field settings table<string, any>
---@field filetypes string[]
---@field extensions table<string, string>
---@field root_markers string[]
---@field accept_key string|false
---@field notify boolean

---@class vernacular.Option
---@field name string
---@field default any
---@field kind string What the value must be, for people.
---@field holds fun(value: any): boolean
---@field help string

---@param check fun(value: any): boolean
---@return fun(value: any): boolean
local function list_of(check)
  return function(value)
    if not vim.islist(value) then
      return false
    end
    return vim.iter(value):all(check)
  end
end

---@param value any
---@return boolean
local function is_text(value)
  return type(value) == 'string' and value ~= ''
end

---@type vernacular.Option[]
M.options = {
  {
    name = 'cmd',
    default = { 'vernacular-lsp' },
    kind = 'a list of strings',
    holds = function(value)
      return list_of(is_text)(value) and #value > 0
    end,
    help = 'The command that starts the language server, with its arguments.',
  },
  {
    name = 'server_url',
    default = nil,
    kind = 'a URL such as "http://127.0.0.1:8480"',
    holds = function(value)
      return is_text(value) and value:match('^https?://[^/]') ~= nil
    end,
    help = 'Where the completion server answers. Without it the language server takes its own default.',
  },
  {
    name = 'settings',
    default = { debounce_ms = 0 },
    kind = 'a table with names for keys',
    holds = function(value)
      return type(value) == 'table' and vim.iter(pairs(value)):all(is_text)
    end,
    help = 'Settings of the language server, which checks them: enabled, single_line ("auto", "always", "never"), '
      .. 'proposers ("both", "model", "lines"), in_comments, in_strings, context, ignore, and more, all in '
      .. 'docs/typing.md of the project. Neovim itself waits 200 ms in typing before it asks, so that nothing is '
      .. 'added to that here.',
  },
  {
    name = 'filetypes',
    default = { 'lua', 'moonbit', 'python' },
    kind = 'a list of file types',
    holds = list_of(is_text),
    help = 'The file types that get ghost text.',
  },
  {
    name = 'extensions',
    default = { mbt = 'moonbit', mbti = 'moonbit' },
    kind = 'a table from file name endings, without their dot, to file types',
    holds = function(value)
      return type(value) == 'table'
        and vim.iter(pairs(value)):all(function(ending, filetype)
          return is_text(ending) and is_text(filetype)
        end)
    end,
    help = 'File types that Neovim does not know by itself. Name the file type in `filetypes` too.',
  },
  {
    name = 'root_markers',
    default = { 'moon.mod.json', 'pyproject.toml', '.luarc.json', '.git' },
    kind = 'a list of file or folder names',
    holds = list_of(is_text),
    help = "What marks the root folder of a project, whose name and whose files' paths go into the request.",
  },
  {
    name = 'accept_key',
    default = '<Tab>',
    kind = 'a key such as "<C-l>", or false',
    holds = function(value)
      return value == false or is_text(value)
    end,
    help = 'The key that accepts ghost text in insert mode. With none on display it does what it did before. '
      .. 'false maps no key: see |vernacular.accept()|.',
  },
  {
    name = 'notify',
    default = true,
    kind = 'true or false',
    holds = function(value)
      return type(value) == 'boolean'
    end,
    help = 'Whether to say, once, that the completion server cannot be used, and that it can again.',
  },
}

---@return string[]
local function names()
  return vim
    .iter(M.options)
    :map(function(option)
      return option.name
    end)
    :totable()
end

--- The known name that needs the fewest single edits to become `name`, if they are few.
---@param name string
---@return string?
local function nearest(name)
  ---@param a string
  ---@param b string
  local function distance(a, b)
    local row = {}
    for j = 0, #b do
      row[j] = j
    end
    for i = 1, #a do
      local diagonal
      diagonal, row[0] = row[0], i
      for j = 1, #b do
        local replaced = diagonal + (a:byte(i) == b:byte(j) and 0 or 1)
        diagonal, row[j] = row[j], math.min(replaced, row[j] + 1, row[j - 1] + 1)
      end
    end
    return row[#b]
  end

  local best, fewest = nil, math.max(2, math.floor(#name / 3)) + 1
  for _, known in ipairs(names()) do
    local edits = distance(name:lower(), known)
    if edits < fewest then
      best, fewest = known, edits
    end
  end
  return best
end

--- The options in force, from what the user gave.
---
--- Raises one line, without a stack, for a key that is unknown or a value of another kind.
---@param given? table<string, any>
---@return vernacular.Options
function M.resolve(given)
  if given ~= nil and type(given) ~= 'table' then
    error(('vernacular: setup() takes a table, not %s'):format(type(given)), 0)
  end
  local rest = vim.deepcopy(given or {})
  local resolved = {}
  for _, option in ipairs(M.options) do
    local value = rest[option.name]
    rest[option.name] = nil
    if value == nil then
      value = vim.deepcopy(option.default)
    elseif not option.holds(value) then
      error(('vernacular: option %s is %s; it must be %s'):format(option.name, vim.inspect(value), option.kind), 0)
    elseif option.name == 'settings' then
      value = vim.tbl_extend('keep', value, option.default)
    end
    resolved[option.name] = value
  end
  local unknown = next(rest)
  if unknown ~= nil then
    local near = nearest(tostring(unknown))
    local hint = near and ('did you mean %s?'):format(near) or ('known: %s'):format(table.concat(names(), ', '))
    error(('vernacular: unknown option %s; %s'):format(tostring(unknown), hint), 0)
  end
  return resolved
end

---@param text string
---@param width integer
---@return string[]
local function wrapped(text, width)
  local lines, line = {}, ''
  for word in text:gmatch('%S+') do
    if line ~= '' and #line + 1 + #word > width then
      table.insert(lines, line)
      line = word
    else
      line = line == '' and word or (line .. ' ' .. word)
    end
  end
  table.insert(lines, line)
  return lines
end

--- The list of options as it stands in the help file, one line an entry.
---@return string[]
function M.help_lines()
  local lines = {}
  for _, option in ipairs(M.options) do
    local tag = ('*vernacular-%s*'):format(option.name)
    table.insert(lines, option.name .. (' '):rep(78 - #option.name - #tag) .. tag)
    for _, line in ipairs(wrapped(option.help, 70)) do
      table.insert(lines, '        ' .. line)
    end
    local default = vim.inspect(option.default):gsub('%s*\n%s*', ' ')
    table.insert(lines, ('        Takes %s.'):format(option.kind))
    table.insert(lines, ('        Default: `%s`'):format(default))
    table.insert(lines, '')
  end
  return lines
end

return M
