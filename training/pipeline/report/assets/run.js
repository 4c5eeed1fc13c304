'use strict';
// The button that changes between light and dark; `THEME` stands in the script before this one.

document.addEventListener('DOMContentLoaded', () => {
  const button = document.getElementById('theme');
  const isDark = () => {
    const { theme } = document.documentElement.dataset;
    return theme ? theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  };
  const show = () => {
    button.textContent = isDark() ? 'Light' : 'Dark';
    button.setAttribute('aria-label', isDark() ? 'Use light colours' : 'Use dark colours');
  };
  button.addEventListener('click', () => {
    document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
    try {
      localStorage.setItem(THEME, document.documentElement.dataset.theme);
    } catch {
      // storage may be refused; the choice then holds until the page is left
    }
    show();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
  show();
});
