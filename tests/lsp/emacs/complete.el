;;; complete.el --- completes in a real Emacs, with eglot and the language server  -*- lexical-binding: t -*-

;; emacs -Q --batch -l complete.el SETUP FILE LANGUAGE-SERVER URL TYPED...
;;
;; SETUP is the configuration that docs/editors.md shows.  Each TYPED is put in where FILE has `<here>', and what
;; `completion-at-point' gives is taken; then the next one behind it.  At the end FILE is saved, and standard output has
;; a line for each message that the language server showed.

(require 'eglot)
(require 'cl-lib)

(setq make-backup-files nil
      create-lockfiles nil
      eglot-sync-connect t
      eglot-connect-timeout 60
      jsonrpc-default-request-timeout 60)

(cl-defmethod eglot-handle-notification :before
  (_server (_method (eql window/showMessage)) &key message &allow-other-keys)
  (princ (concat message "\n")))

(pcase-let ((`(,setup ,file ,server ,url . ,typed) command-line-args-left))
  (setq command-line-args-left nil)
  (load setup nil t t)
  ;; This test's own servers in the place of those that a user would have.
  (setf (cadr (assq 'python-mode eglot-server-programs)) server)
  (setf (plist-get (plist-get eglot-workspace-configuration :vernacular) :server_url) url)
  (find-file file)
  (apply #'eglot (eglot--guess-contact))
  (goto-char (point-min))
  (search-forward "<here>")
  (delete-char (- (length "<here>")))
  (dolist (text typed)
    (insert text)
    (eglot--signal-textDocument/didChange)
    (completion-at-point)
    (eglot--signal-textDocument/didChange))
  (save-buffer)
  (eglot-shutdown (eglot-current-server) nil 30))
