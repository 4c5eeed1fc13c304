--- The list of options as it stands in the help file.

local M = {}

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

--- One line of the help file an entry.
---@return string[]
function M.lines()
  local lines = {}
  for _, option in ipairs(require('vernacular.options')) do
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
