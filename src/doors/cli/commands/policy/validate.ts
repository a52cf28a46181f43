import { existsSync } from 'node:fs'
import { ClawError } from '../../../../model/failure.ts'
import type { InputOf, OutputOf } from '../../../../operations/registry.ts'
import { command } from '../../line/command.ts'
import type { Session } from '../../line/command.ts'
import { policyFrom } from '../../work/policy-rules.ts'

export default command({
  name: 'policy validate',
  about:
    'Say which work would break a policy, before it is made or as it is; or which policies a file of work would break.',
  details: 'Ends with 5 when something would be refused.',
  positionals: { policy: { about: 'A file with a policy, or the name of one that there is', optional: true } },
  options: {
    spec: {
      kind: 'text',
      value: 'FILE',
      about: 'Work to run, as run --file and deploy --spec take it, against all policies',
    },
  },
  examples: ['policy validate policy.yaml', 'policy validate no-latest', 'policy validate --spec workload.yaml'],

  async run({ policy, spec }, session) {
    const { out, signal } = session
    if ((policy === undefined) === (spec === undefined))
      throw new ClawError('INVALID_REQUEST', { problem: 'name a policy, or work with --spec' })
    const questions =
      spec === undefined ? [{ policy: await policyIn(policy ?? '', session) }] : await workIn(spec, session)
    const api = await session.api()
    const answers = []
    for (const question of questions) answers.push(await api.call('policy.validate', question, signal))
    const answer = {
      valid: answers.every(({ valid }) => valid),
      policiesChecked: Math.max(0, ...answers.map(({ policiesChecked }) => policiesChecked)),
      violations: answers.flatMap(({ violations }) => violations),
    }
    await out.result(answer, linesOf)
    return answer.valid ? 0 : answeredNo
  },
})

const answeredNo = 5

type Question = InputOf<'policy.validate'>

const policyIn = async (policy: string, session: Session): Promise<Question['policy']> =>
  policy === '-' || existsSync(policy) ? policyFrom(policy, session) : policy

async function workIn(file: string, session: Session): Promise<readonly Question[]> {
  const { readSpecs } = await import('../../work/spec-file.ts')
  const { documents } = await readSpecs(file, session)
  return documents.map((document) => {
    if (document.kind === 'workload') return { workloadSpec: document.request }
    if (document.kind === 'deployment') return { deploymentSpec: document.request }
    const { kind } = document
    throw new ClawError('INVALID_REQUEST', {
      problem: `a ${kind} is looked at when it is made and when it makes work; give what it runs as a workload`,
    })
  })
}

function linesOf({ violations, policiesChecked }: OutputOf<'policy.validate'>): readonly string[] {
  const checked = policiesChecked === 1 ? '1 policy' : `${policiesChecked} policies`
  if (violations.length === 0) return [`nothing breaks ${checked}`]
  return violations.map(({ mode, kind, namespace, name, message }) => {
    const who = kind === undefined ? '' : `${kind} ${namespace ?? ''}/${name ?? ''}: `
    return `${mode === 'warn' ? 'warns' : 'refused'}: ${who}${message}`
  })
}
