/** What shells run to complete a command line: all of them ask the program itself, with the words so far. */

const bash = `# Completion of clawbernetes for bash.
_clawbernetes() {
  local offer
  COMPREPLY=()
  while IFS= read -r offer; do
    [ -n "$offer" ] && COMPREPLY+=("$offer")
  done < <(clawbernetes __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _clawbernetes clawbernetes
`

const zsh = `#compdef clawbernetes
# Completion of clawbernetes for zsh.
_clawbernetes() {
  local -a offers
  offers=("\${(@f)$(clawbernetes __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  offers=("\${(@)offers:#}")
  if (( \${#offers} )); then compadd -- "\${offers[@]}"; else _files; fi
}
if [ "$funcstack[1]" = "_clawbernetes" ]; then _clawbernetes "$@"; else compdef _clawbernetes clawbernetes; fi
`

const fish = `# Completion of clawbernetes for fish.
function __clawbernetes_offers
  set -l words (commandline -opc) (commandline -ct)
  clawbernetes __complete -- $words[2..-1] 2>/dev/null
end
complete -c clawbernetes -f -a '(__clawbernetes_offers)'
`

const powershell = `# Completion of clawbernetes for PowerShell.
Register-ArgumentCompleter -Native -CommandName clawbernetes -ScriptBlock {
  param($word, $ast, $cursor)
  $words = @($ast.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  if ($word -eq '') { $words += '""' }
  clawbernetes __complete -- @words 2>$null | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`

export const completionScripts: Readonly<Record<string, string>> = { bash, zsh, fish, powershell }

/** Where each shell looks for it, below the user's home. PowerShell has a profile to load it from instead. */
export const completionFiles: Readonly<Record<string, string>> = {
  bash: '.local/share/bash-completion/completions/clawbernetes',
  zsh: '.local/share/zsh/site-functions/_clawbernetes',
  fish: '.config/fish/completions/clawbernetes.fish',
  powershell: '.config/powershell/clawbernetes.ps1',
}

/** What is left to do once it is there; null for nothing. */
export const completionSteps: Readonly<Record<string, string | null>> = {
  bash: null,
  zsh: 'once, in ~/.zshrc before compinit:  fpath+=(~/.local/share/zsh/site-functions)',
  fish: null,
  powershell: 'once, in $PROFILE:  . ~/.config/powershell/clawbernetes.ps1',
}
