--- Writes the list of options in doc/vernacular.txt anew from lua/vernacular/options.lua, and doc/tags, by which
--- `:help` finds it in a folder that no plugin manager looks after.
---
---     nvim -l editor-extensions/neovim/write_help.lua

local folder = vim.fs.dirname(vim.fs.abspath(arg[0]))
vim.opt.runtimepath:prepend(folder)

local path = vim.fs.joinpath(folder, 'doc', 'vernacular.txt')
local lines = vim.fn.readfile(path)

---@param heading string
---@return integer
local function line_of(heading)
  for number, line in ipairs(lines) do
    if vim.startswith(line, heading) and line:find('*', 1, true) then
      return number
    end
  end
  error(('no heading %q in %s'):format(heading, path), 0)
end

local first, beyond = line_of('3. Options') + 2, line_of('4. Functions') - 1
local written = vim.list_slice(lines, 1, first - 1)
vim.list_extend(written, require('vernacular.help').lines())
vim.list_extend(written, vim.list_slice(lines, beyond))
vim.fn.writefile(written, path)
vim.cmd.helptags(vim.fn.fnameescape(vim.fs.dirname(path)))
