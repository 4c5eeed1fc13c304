--- Runs luacheck, unpacked from Debian's packages, in Neovim's own Lua: nvim -l luacheck.lua FOLDER ARGUMENT...

local folder = table.remove(arg, 1)
package.path = ('%s/share/lua/5.1/?.lua;%s/share/lua/5.1/?/init.lua;%s'):format(folder, folder, package.path)
for _, libraries in ipairs(vim.fn.glob(folder .. '/lib/*/lua/5.1', false, true)) do
  package.cpath = ('%s/?.so;%s'):format(libraries, package.cpath)
end
require('luacheck.main')
