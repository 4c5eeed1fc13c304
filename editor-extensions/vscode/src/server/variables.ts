/**
 * The environment variables of the processes that this extension starts: proxy and key. Pure.
 *
 * VS Code's own proxy settings go before the environment, as they do for VS Code itself. This machine is never asked
 * through a proxy.
 */

export type Variables = Record<string, string | undefined>;

/** VS Code's settings `http.proxy`, `http.noProxy` and `http.proxySupport`. */
export interface ProxySettings {
  proxy: string;
  noProxy: readonly string[];
  support: string;
}

const LOOPBACK = ['127.0.0.1', 'localhost', '::1'];
const PROXY_NAMES = ['HTTP_PROXY', 'HTTPS_PROXY'];

/** `base` with the proxy of the settings. */
export function withProxy(base: Variables, settings: ProxySettings, platform: NodeJS.Platform): Variables {
  let variables = { ...base };
  const proxy = settings.proxy.trim();
  if (proxy !== '' && settings.support !== 'off') {
    for (const name of PROXY_NAMES) {
      variables = set(variables, name, proxy, platform);
    }
  }
  if (PROXY_NAMES.some((name) => get(variables, name, platform) !== undefined)) {
    const before = get(variables, 'NO_PROXY', platform) ?? '';
    const hosts = [...before.split(','), ...settings.noProxy, ...LOOPBACK].map((host) => host.trim());
    const listed = [...new Set(hosts.filter((host) => host !== ''))].join(',');
    variables = set(variables, 'NO_PROXY', listed, platform);
  }
  return variables;
}

/** What Python is told of its output: UTF-8, line by line. Nothing of the folder's own Python gets into it. */
export function forPython(base: Variables): Variables {
  return { ...without(base, NOT_FOR_PYTHON), PYTHONUTF8: '1', PYTHONUNBUFFERED: '1' };
}

const NOT_FOR_PYTHON = ['PYTHONHOME', 'PYTHONPATH', 'PYTHONSTARTUP', '__PYVENV_LAUNCHER__', 'VIRTUAL_ENV'];

/** Both spellings on Linux and macOS, where programs look for either; on Windows names have no case. */
function set(variables: Variables, name: string, value: string, platform: NodeJS.Platform): Variables {
  const others = without(variables, spellings(variables, name, platform));
  return platform === 'win32' ? { ...others, [name]: value } : { ...others, [name]: value, [name.toLowerCase()]: value };
}

function get(variables: Variables, name: string, platform: NodeJS.Platform): string | undefined {
  return spellings(variables, name, platform)
    .map((spelling) => variables[spelling])
    .find((value) => value !== undefined && value !== '');
}

function spellings(variables: Variables, name: string, platform: NodeJS.Platform): string[] {
  if (platform !== 'win32') {
    return [name.toLowerCase(), name];
  }
  return Object.keys(variables).filter((each) => each.toUpperCase() === name);
}

function without(variables: Variables, names: readonly string[]): Variables {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !names.includes(name)));
}
