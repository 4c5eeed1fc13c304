{header}
-- Where a line stands, by the code line above it and its own first word.
local rules = {rules}

local M = {}

local function is_word(sign)
  return sign:match('[%w_\128-\255]') ~= nil or (sign ~= '' and rules.word_signs:find(sign, 1, true) ~= nil)
end

---Whether `text` stands at `at`, and is no part of a longer word.
local function stands_at(line, text, at)
  if line:sub(at, at + #text - 1) ~= text then
    return false
  end
  local before, after = line:sub(at - 1, at - 1), line:sub(at + #text, at + #text)
  return not (is_word(text:sub(1, 1)) and is_word(before)) and not (is_word(text:sub(-1)) and is_word(after))
end

---Where one of `texts` stands in `line` first, from `from` on.
local function find(line, texts, from)
  for at = from, #line do
    for _, text in ipairs(texts) do
      if stands_at(line, text, at) then
        return at + #text
      end
    end
  end
end

local function starts_with(line, texts)
  local first = #line:match('^%s*') + 1
  for _, text in ipairs(texts) do
    if stands_at(line, text, first) then
      return first + #text
    end
  end
end

local function ends_with(line, texts)
  for _, text in ipairs(texts) do
    if #text <= #line and stands_at(line, text, #line - #text + 1) then
      return true
    end
  end
  return false
end

---The position behind the string or comment that opens at `at`, or the line's end where it does not close.
local function behind(line, span, at)
  at = at + #span.open
  while at <= #line do
    if span.escape and line:sub(at, at) == span.escape then
      at = at + 2
    elseif line:sub(at, at + #span.close - 1) == span.close then
      return at + #span.close
    else
      at = at + 1
    end
  end
  return #line + 1
end

---A line's code: without comments, with an empty string for each string, without white space at its end.
local function code_of(line)
  if rules.any_case then
    line = line:lower()
  end
  local code, at = {}, 1
  while at <= #line do
    local opened
    for _, span in ipairs(rules.spans) do
      if stands_at(line, span.open, at) then
        opened = span
        break
      end
    end
    if not opened then
      table.insert(code, line:sub(at, at))
      at = at + 1
    elseif not opened.close then
      break
    else
      at = behind(line, opened, at)
      if opened.string then
        table.insert(code, '""')
      end
    end
  end
  return (table.concat(code):gsub('%s+$', ''))
end

---Whether a line leaves a bracket open.
local function leaves_open(code)
  for _, pair in ipairs(rules.brackets) do
    local from = 1
    local opened = code:find(pair.open, from, true)
    while opened do
      if not code:find(pair.close, opened + #pair.open, true) then
        return true
      end
      opened = code:find(pair.open, opened + 1, true)
    end
  end
  return false
end

local function opens(code)
  if leaves_open(code) or ends_with(code, rules.opens_last) then
    return true
  end
  local opened = starts_with(code, rules.opens_first) or find(code, rules.opens_anywhere, 1)
  return opened ~= nil and not find(code, rules.closes_first, opened)
end

---The column of line `number`, for 'indentexpr'.
function M.get(number)
  local above = number
  local code
  repeat
    above = vim.fn.prevnonblank(above - 1)
    code = above > 0 and code_of(vim.fn.getline(above)) or ''
  until above == 0 or code ~= ''
  if above == 0 then
    return 0
  end
  if ends_with(code, rules.ends_last) then
    return 0
  end
  local level = vim.fn.shiftwidth()
  local column = vim.fn.indent(above) + (opens(code) and level or 0)
  local own = code_of(vim.fn.getline(number))
  if starts_with(own, rules.closes_first) or starts_with(own, rules.closing_brackets) then
    column = column - level
  end
  return math.max(column, 0)
end

return M
