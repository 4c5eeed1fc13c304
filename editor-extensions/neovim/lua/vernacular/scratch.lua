--- A window with text that is nobody's file.

local M = {}

--- Show lines in a split, in the place of what was shown under this name before. `q` closes it.
---@param name string
---@param lines string[]
---@return integer bufnr
function M.show(name, lines)
  local full = 'vernacular://' .. name
  local bufnr = vim.fn.bufadd(full)
  vim.fn.bufload(bufnr)
  local window = vim.fn.bufwinid(bufnr)
  if window == -1 then
    vim.cmd.split({ mods = { split = 'botright' } })
    vim.api.nvim_win_set_buf(0, bufnr)
  else
    vim.api.nvim_set_current_win(window)
  end
  vim.bo[bufnr].buftype = 'nofile'
  vim.bo[bufnr].bufhidden = 'wipe'
  vim.bo[bufnr].swapfile = false
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].modifiable = false
  vim.keymap.set('n', 'q', '<Cmd>close<CR>', { buffer = bufnr, desc = 'Close (vernacular)' })
  return bufnr
end

return M
