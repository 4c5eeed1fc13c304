--- The code that the comment at the cursor asks for: streamed into a preview, which is accepted or rejected.

local M = {}

local METHOD = 'vernacular/generate'

---@class vernacular.Generation
---@field token string
---@field client vim.lsp.Client
---@field request_id? integer
---@field preview vernacular.Preview
---@field text string What has come so far.

---@type vernacular.Generation?
local under_way
local number = 0

--- Take one `$/progress`, if it is of a generation.
---@param params { token: any, value: { position: lsp.Position, text: string } }
---@return boolean taken
function M.hear(params)
  if type(params.token) ~= 'string' or not vim.startswith(params.token, METHOD) then
    return false
  end
  if under_way and under_way.token == params.token then
    under_way.text = under_way.text .. params.value.text
    under_way.preview:show(params.value.position, under_way.text)
  end
  return true
end

--- Ask for it. A preview that stands is rejected first.
function M.generate()
  M.cancel()
  local client, problem = require('vernacular.client').of_buffer()
  if not client then
    require('vernacular.notice').warn(problem)
    return
  end
  number = number + 1
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  local token = ('%s-%d'):format(METHOD, number)
  params = vim.tbl_extend('force', params, { partialResultToken = token })
  local preview = require('vernacular.preview').new(client.offset_encoding, M.cancel)
  local mine = { token = token, client = client, preview = preview, text = '' }
  under_way = mine
  local sent, request_id = client:request(METHOD, params, function(err, result)
    mine.request_id = nil
    if under_way ~= mine then
      return
    end
    under_way = nil
    if err or not result or result.text == '' then
      preview:close()
      require('vernacular.notice').warn(err and err.message or 'the model wrote nothing')
      return
    end
    preview:show(result.position, result.text)
    preview:finish(result.model)
  end)
  mine.request_id = sent and request_id or nil
end

--- End what is under way, down to the engine, and take the preview away.
---@return boolean ended Whether there was anything.
function M.cancel()
  local ended = require('vernacular.preview').reject()
  local generation = under_way
  under_way = nil
  if generation and generation.request_id then
    generation.client:cancel_request(generation.request_id)
    return true
  end
  return ended
end

return M
