--- `:Vernacular`: its subcommands, and what completes them.

local M = {}

---@class vernacular.Subcommand
---@field run fun(words: string[])
---@field complete? fun(lead: string, words: string[]): string[]

local say, warn = require('vernacular.notice').say, require('vernacular.notice').warn

--- All of it, however long: it was asked for.
local function status()
  local client, problem = require('vernacular.client').of_buffer()
  local known = require('vernacular.status').current
  local said = known.state == 'unknown' and known.detail or ('%s: %s'):format(known.state, known.detail)
  vim.notify('vernacular: ' .. (client and said or problem))
end

---@param words string[]
local function toggle(words)
  local where = words[1] or 'everywhere'
  if not vim.list_contains({ 'everywhere', 'buffer', 'filetype' }, where) then
    warn(('toggle what? everywhere, buffer or filetype, not %s'):format(where))
    return
  end
  local on = require('vernacular').toggle(where, words[2])
  local places = { everywhere = 'everywhere', buffer = 'in this buffer' }
  local place = places[where] or ('for ' .. (words[2] or vim.bo.filetype))
  local _, problem = require('vernacular.client').of_buffer()
  local but = on and require('vernacular.switch').reason()
  say(('%s %s'):format(on and 'on' or 'off', place) .. (but and problem ~= '' and (', but ' .. but) or ''))
end

---@param method string
---@param asked string
local function ask(method, asked)
  local client, problem = require('vernacular.client').of_buffer()
  if not client then
    warn(problem)
    return
  end
  local sent, request_id = client:request(method, vim.empty_dict(), function(err, result)
    M.cancel_request = nil
    if err then
      warn(('%s: %s'):format(asked, err.message))
    else
      say(result and result.detail or asked)
    end
  end)
  if sent and request_id then
    M.cancel_request = function()
      client:cancel_request(request_id)
    end
  end
end

--- Ends the request of this module that is under way.
---@type fun()?
M.cancel_request = nil

local function cancel()
  local ended = require('vernacular.generate').cancel()
  if M.cancel_request then
    M.cancel_request()
    M.cancel_request, ended = nil, true
  end
  if not ended then
    say('there is nothing to cancel')
  end
end

---@type table<string, vernacular.Subcommand>
M.subcommands = {
  status = { run = status },
  toggle = {
    run = toggle,
    complete = function(lead, words)
      if words[1] == 'filetype' then
        return vim.fn.getcompletion(lead, 'filetype')
      end
      return { 'everywhere', 'buffer', 'filetype' }
    end,
  },
  log = {
    run = function()
      require('vernacular.log').show()
    end,
  },
  restart = {
    run = function()
      require('vernacular.client').restart()
    end,
  },
  explain = {
    run = function()
      require('vernacular').explain()
    end,
  },
  generate = {
    run = function()
      require('vernacular').generate()
    end,
  },
  accept = {
    run = function()
      if not require('vernacular.preview').accept() then
        say('there is nothing to accept')
      end
    end,
  },
  reject = { run = cancel },
  cancel = { run = cancel },
  signin = {
    run = function()
      ask('vernacular/signIn', 'sign in')
    end,
  },
  signout = {
    run = function()
      ask('vernacular/signOut', 'sign out')
    end,
  },
  install = {
    run = function(words)
      require('vernacular.install').install(words[1], vim.list_slice(words, 2))
    end,
    complete = function(lead)
      return vim.fn.getcompletion(lead, 'file')
    end,
  },
}

---@return string[]
local function names()
  local found = vim.tbl_keys(M.subcommands)
  table.sort(found)
  return found
end

--- Run a subcommand; `status` where none is named.
---@param words string[]
function M.run(words)
  local name = words[1] or 'status'
  local subcommand = M.subcommands[name]
  if not subcommand then
    warn(('there is no subcommand %s'):format(name), ':help :Vernacular')
    return
  end
  subcommand.run(vim.list_slice(words, 2))
end

--- What may stand at the cursor of a command line.
---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local words = vim.split(vim.trim(line:sub(1, #line - #lead)), '%s+', { trimempty = true })
  local candidates = names()
  if #words > 1 then
    local subcommand = M.subcommands[words[2]]
    candidates = subcommand and subcommand.complete and subcommand.complete(lead, vim.list_slice(words, 3)) or {}
  end
  return vim.tbl_filter(function(candidate)
    return vim.startswith(candidate, lead)
  end, candidates)
end

return M
