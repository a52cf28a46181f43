import { ClawError } from '../../../model/failure.ts'
import { command } from '../command.ts'
import { completionScripts } from '../completion-scripts.ts'

export default command({
  name: 'completion',
  about: 'Print the completion script of a shell.',
  details: 'It offers commands, options, and the names of your nodes and workloads.',
  positionals: { shell: { about: 'bash, zsh or fish', completes: 'shell' } },
  options: {},
  examples: [
    'completion bash > ~/.local/share/bash-completion/completions/clawbernetes',
    'completion zsh > "${fpath[1]}/_clawbernetes"',
    'completion fish > ~/.config/fish/completions/clawbernetes.fish',
  ],

  async run({ shell }, { out }) {
    const script = completionScripts[shell]
    if (script === undefined)
      throw new ClawError('INVALID_REQUEST', { problem: `there is no completion for ${shell}; take bash, zsh or fish` })
    await out.item({ shell, script }, script)
    return undefined
  },
})
