--- What `setup()` is given, checked and filled up with the defaults of `vernacular.options`.

local M = {}

---@return string[]
local function names()
  return vim
    .iter(require('vernacular.options'))
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
    error(('setup() takes a table, not %s'):format(type(given)), 0)
  end
  local rest = vim.deepcopy(given or {})
  local resolved = {}
  for _, option in ipairs(require('vernacular.options')) do
    local value = rest[option.name]
    rest[option.name] = nil
    if value == nil then
      value = vim.deepcopy(option.default)
    elseif not option.holds(value) then
      error(
        ('option %s is %s; it must be %s'):format(
          option.name,
          vim.inspect(value, { newline = ' ', indent = '' }),
          option.kind
        ),
        0
      )
    elseif option.name == 'settings' then
      value = vim.tbl_extend('keep', value, option.default)
    end
    resolved[option.name] = value
  end
  local unknown = next(rest)
  if unknown ~= nil then
    local near = nearest(tostring(unknown))
    local hint = near and ('did you mean %s?'):format(near) or ('known: %s'):format(table.concat(names(), ', '))
    error(('unknown option %s; %s'):format(tostring(unknown), hint), 0)
  end
  return resolved
end

return M
