--- The keys of insert mode, each of which does what it did before where there is no ghost text.

local M = {}

---@type table<string, { action: string, does: string }>
M.keys = {
  accept_key = { action = 'accept', does = 'Accept ghost text' },
  accept_word_key = { action = 'accept_word', does = "Accept the ghost text's next word" },
  accept_line_key = { action = 'accept_line', does = "Accept the ghost text's next line" },
  next_key = { action = 'next', does = 'Show the next proposal' },
  previous_key = { action = 'previous', does = 'Show the previous proposal' },
  trigger_key = { action = 'trigger', does = 'Ask for proposals' },
}

---@type { key: string, before: table }[]
local mapped = {}

local function unmap()
  for _, each in ipairs(mapped) do
    pcall(vim.keymap.del, 'i', each.key) -- the user may have done so
    if not vim.tbl_isempty(each.before) then
      vim.fn.mapset('i', false, each.before)
    end
  end
  mapped = {}
end

--- Give a mapping that stood before another name.
---@param before table As `maparg()` gives it.
---@param name string
local function move(before, name)
  local moved = vim.tbl_extend('force', before, { lhs = name, lhsraw = vim.keycode(name) })
  moved.lhsrawalt = nil
  vim.fn.mapset('i', false, moved)
end

---@param option string
---@param key string
local function map_one(option, key)
  local before = vim.fn.maparg(key, 'i', false, true)
  if not vim.tbl_isempty(before) and before.buffer == 1 then
    before = {} -- a mapping of one buffer keeps its precedence there
  end
  table.insert(mapped, { key = key, before = before })
  local keys, mode = vim.keycode(key), 'nit' -- as if typed: Neovim takes an unmapped <M-x> for <Esc>x
  if not vim.tbl_isempty(before) then
    local name = ('<Plug>(vernacular-without-%s)'):format(option:gsub('_', '-'))
    move(before, name)
    keys, mode = vim.keycode(name), 'mi'
  end
  local binding = M.keys[option]
  vim.keymap.set('i', key, function()
    if not require('vernacular')[binding.action]() then
      vim.api.nvim_feedkeys(keys, mode, false)
    end
  end, { desc = binding.does .. ' (vernacular)' })
end

--- Map the keys that the options name. A key that was mapped before by this function gets back what it was.
---@param options vernacular.Options
function M.map(options)
  unmap()
  for option in vim.spairs(M.keys) do
    local key = options[option]
    if key then
      map_one(option, key)
    end
  end
end

return M
