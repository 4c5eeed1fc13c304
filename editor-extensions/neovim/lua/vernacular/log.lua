--- What the plugin and the language server said, the newest last: `:Vernacular log`.
---
--- Messages are kept in memory. What the language server writes to standard error goes into Neovim's own log of all
--- language servers, and is read from there.

local M = {}

local MOST = 1000
-- The end of Neovim's log that is looked at; it may be a gigabyte.
local TAIL_BYTES = 64 * 1024

---@type string[]
local lines = {}

---@param text string
function M.add(text)
  local now = os.date('%H:%M:%S')
  for line in vim.gsplit(vim.trim(text), '\n', { plain = true }) do
    table.insert(lines, ('%s %s'):format(now, line))
  end
  if #lines > 2 * MOST then
    lines = vim.list_slice(lines, #lines - MOST + 1)
  end
end

--- What the language server last wrote to standard error, as far as Neovim kept it.
---@return string[]
function M.standard_error()
  local file = io.open(vim.lsp.log.get_filename(), 'rb')
  if not file then
    return {}
  end
  local size = file:seek('end') or 0
  file:seek('set', math.max(size - TAIL_BYTES, 0))
  local tail = file:read('*a') or ''
  file:close()
  local found = {}
  for line in vim.gsplit(tail, '\n', { plain = true }) do
    local command, chunk = line:match('\t"rpc"\t"([^\t]*)"\t"stderr"\t[\'"](.*)[\'"]$')
    if command and command:find('vernacular', 1, true) then
      for each in vim.gsplit((chunk:gsub('\\n', '\n'):gsub('\\(["\'\\])', '%1')), '\n', { trimempty = true }) do
        table.insert(found, each)
      end
    end
  end
  return found
end

--- Show it in a window of its own, at its end.
function M.show()
  local shown = { ('Messages; those of all language servers: %s'):format(vim.lsp.log.get_filename()), '' }
  vim.list_extend(shown, lines)
  local said = M.standard_error()
  if #said > 0 then
    vim.list_extend(shown, { '', "The language server's standard error, its end:", '' })
    vim.list_extend(shown, vim.list_slice(said, math.max(#said - MOST, 1)))
  end
  require('vernacular.scratch').show('log', shown)
  vim.cmd.normal({ 'G', bang = true })
end

return M
