--- The options of `setup()`: what each takes, its default, and what the help file says of it.

---@class vernacular.Options
---@field cmd? string[]
---@field server_url? string
---@field api_key_file? string
---@field settings table<string, any>
---@field filetypes string[]
---@field extensions table<string, string>
---@field root_markers string[]
---@field accept_key string|false
---@field accept_word_key string|false
---@field accept_line_key string|false
---@field next_key string|false
---@field previous_key string|false
---@field trigger_key string|false
---@field python string
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

---@param value any
---@return boolean
local function is_key(value)
  return value == false or is_text(value)
end

---@param name string
---@param default string
---@param does string
---@param instead string
---@return vernacular.Option
local function key(name, default, does, instead)
  return {
    name = name,
    default = default,
    kind = 'a key such as "<C-l>", or false',
    holds = is_key,
    help = ('The key that %s. With none on display it does what it did before. false maps no key: see |%s|.'):format(
      does,
      instead
    ),
  }
end

---@type vernacular.Option[]
local options = {
  {
    name = 'cmd',
    default = nil,
    kind = 'a list of strings',
    holds = function(value)
      return list_of(is_text)(value) and #value > 0
    end,
    help = 'The command that starts the language server, with its arguments. Without it `vernacular-lsp` is taken from '
      .. 'PATH, or else from what `:Vernacular install` made.',
  },
  {
    name = 'server_url',
    default = nil,
    kind = 'a URL such as "http://127.0.0.1:8480"',
    holds = function(value)
      return is_text(value) and value:match('^https?://[^/]') ~= nil
    end,
    help = 'Where the completion server answers. Without it: http://127.0.0.1:8480, this machine.',
  },
  {
    name = 'api_key_file',
    default = nil,
    kind = 'a path',
    holds = is_text,
    help = "A file that holds the server's API key, where the server asks for one; read again for each request, so "
      .. 'that a new key needs no restart. See |vernacular-key|.',
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
  key('accept_key', '<Tab>', 'accepts ghost text in insert mode', 'vernacular.accept()'),
  key('accept_word_key', '<M-Right>', "accepts the ghost text's next word", 'vernacular.accept_word()'),
  key('accept_line_key', '<M-C-Right>', "accepts the ghost text up to the line's end", 'vernacular.accept_line()'),
  key('next_key', '<M-]>', 'shows the next proposal', 'vernacular.next()'),
  key('previous_key', '<M-[>', 'shows the previous proposal', 'vernacular.previous()'),
  {
    name = 'trigger_key',
    default = '<M-\\>',
    kind = 'a key such as "<C-l>", or false',
    holds = is_key,
    help = 'The key that asks for several proposals, at once and also where none would be made unasked. false maps no '
      .. 'key: see |vernacular.trigger()|.',
  },
  {
    name = 'python',
    default = 'python3',
    kind = 'a command',
    holds = is_text,
    help = 'The Python, 3.11 or newer, that `:Vernacular install` makes its virtual environment with.',
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

return options
