// Somebody else's proposals: inline ones in `.both`, words for the suggestion widget in `.widget`.
const vscode = require('vscode');

exports.activate = context => {
  const inline = {
    provideInlineCompletionItems: (document, position) => {
      const typed = document.lineAt(position.line).text.slice(0, position.character);
      return typed ? [new vscode.InlineCompletionItem(`${typed} of the other`, new vscode.Range(position.line, 0, position.line, position.character))] : [];
    },
  };
  const words = {
    provideCompletionItems: () => ['hello', 'helicopter'].map(word => new vscode.CompletionItem(word, vscode.CompletionItemKind.Function)),
  };
  context.subscriptions.push(
    vscode.languages.registerInlineCompletionItemProvider({ language: 'both' }, inline),
    vscode.languages.registerCompletionItemProvider({ language: 'widget' }, words),
  );
};
