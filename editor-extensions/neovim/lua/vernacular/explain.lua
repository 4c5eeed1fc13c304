--- What the model would be given at the cursor, and why, in a window of its own.

local M = {}

function M.explain()
  local client, problem = require('vernacular.client').of_buffer()
  if not client then
    require('vernacular.notice').warn(problem)
    return
  end
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  client:request('vernacular/explain', params, function(err, result)
    if err then
      require('vernacular.notice').warn(err.message)
      return
    end
    require('vernacular.scratch').show('explain', vim.split(result.text, '\n', { plain = true }))
  end)
end

return M
