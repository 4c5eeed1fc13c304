--- A client that speaks to nobody, in the place of the language server where that is off, or ended.
---
--- Neovim 0.12 stops following the changes of a buffer that is edited while it has no client, and does not take that up
--- again when one comes: the language server would propose for a text that is long gone.

local M = {}

local NAME = 'vernacular-off'

---@param dispatchers vim.lsp.rpc.Dispatchers
---@return vim.lsp.rpc.PublicClient
local function nobody(dispatchers)
  local closing = false
  local number = 0
  return {
    request = function(method, _, callback)
      number = number + 1
      callback(nil, method == 'initialize' and { capabilities = {} } or vim.NIL)
      return true, number
    end,
    notify = function(method)
      if method == 'exit' then
        closing = true
        dispatchers.on_exit(0, 0)
      end
      return true
    end,
    is_closing = function()
      return closing
    end,
    terminate = function()
      if not closing then
        closing = true
        dispatchers.on_exit(0, 15)
      end
    end,
  }
end

--- Keep Neovim following the changes of a buffer.
---@param bufnr integer
function M.hold(bufnr)
  if vim.api.nvim_buf_is_loaded(bufnr) then
    vim.lsp.start({ name = NAME, cmd = nobody }, { bufnr = bufnr, silent = true })
  end
end

--- The language server is there again.
---@param bufnr integer
function M.release(bufnr)
  for _, client in ipairs(vim.lsp.get_clients({ name = NAME })) do
    if client.attached_buffers[bufnr] then
      vim.lsp.buf_detach_client(bufnr, client.id)
    end
    if vim.tbl_isempty(client.attached_buffers) then
      client:stop(true)
    end
  end
end

return M
