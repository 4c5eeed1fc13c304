--- What Neovim's other tools say of a document goes to the language server, which shows the model what they say of the
--- lines at the cursor.

local M = {}

local GROUP = 'vernacular-diagnostics'
local METHOD = 'vernacular/diagnostics'
-- More are of no use: those at the cursor are what is looked at.
local MOST = 200

---@param bufnr integer
---@return table params Those of textDocument/publishDiagnostics.
local function params(bufnr)
  local found = vim.list_slice(vim.diagnostic.get(bufnr), 1, MOST)
  local diagnostics = vim.tbl_map(function(each)
    local start = { line = each.lnum, character = each.col }
    local finish = { line = each.end_lnum or each.lnum, character = each.end_col or each.col }
    return { range = { start = start, ['end'] = finish }, message = each.message }
  end, found)
  return { uri = vim.uri_from_bufnr(bufnr), diagnostics = diagnostics }
end

--- Tell the client of a buffer's diagnostics, now and whenever they change.
---@param client vim.lsp.Client
---@param bufnr integer
function M.follow(client, bufnr)
  local function tell()
    if not client:is_stopped() then
      client:notify(METHOD, params(bufnr))
    end
  end
  local group = vim.api.nvim_create_augroup(GROUP, { clear = false })
  vim.api.nvim_clear_autocmds({ group = group, buffer = bufnr })
  vim.api.nvim_create_autocmd('DiagnosticChanged', { group = group, buffer = bufnr, callback = tell })
  if #vim.diagnostic.get(bufnr) > 0 then
    tell()
  end
end

return M
