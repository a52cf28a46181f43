import { command } from '../../line/command.ts'
import { moltJobFrom } from '../../work/molt-job-file.ts'
import { requestOfStrangers } from '../../work/molt-request.ts'

export default command({
  name: 'molt submit',
  about: 'Have a stranger run what a file says, and pay for what it uses.',
  details: 'As molt request does, which has an option for each key of the file.',
  positionals: {},
  options: {
    spec: { kind: 'text', value: 'FILE', about: 'The job as TOML, YAML or JSON; standard input if left out' },
    verify: {
      kind: 'text',
      value: 'WORD',
      choices: ['re-execution'],
      about: 'Run it twice, at two providers, for that price, and compare what both print',
    },
    yes: { kind: 'flag', short: 'y', about: 'Spend without asking' },
    'dry-run': { kind: 'flag', about: 'Show the bids, and spend nothing' },
    detach: { kind: 'flag', short: 'd', about: 'Print the id and return' },
    node: { kind: 'text', value: 'NODE', about: 'Which node buys; the one you talk to if left out' },
  },
  examples: ['molt submit --spec molt-job.toml --dry-run', 'molt submit --spec molt-job.toml --yes -d'],

  async run({ spec, node, verify, ...manner }, session) {
    const twice = verify === undefined ? {} : { verify: 're-execution' as const }
    return requestOfStrangers({ ...(await moltJobFrom(spec ?? '-', session)), ...twice, node }, manner, session)
  },
})
