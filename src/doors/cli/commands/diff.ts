import { command } from '../line/command.ts'

/** Something would change. */
const changed = 10

export default command({
  name: 'diff',
  about: 'Say what a file would change of what runs, field by field.',
  details: 'Ends with 0 when nothing would change, and with 10 when something would.',
  positionals: { FILE: { about: 'workload.yaml, workload.toml, a Compose file, or JSON; - is standard input' } },
  options: {
    spec: { kind: 'flag', about: 'Take all of it for deployments, as deploy --spec does' },
  },
  examples: ['diff workload.yaml', 'diff --spec workload.toml', 'diff -o json compose.yaml'],

  async run({ FILE: file, spec }, session) {
    const { out, signal, host } = session
    const { readSpecs } = await import('../work/spec-file.ts')
    const { differenceLines, differenceOf, inNamespace, isChange } = await import('../work/changes.ts')
    const { refuseClashes } = await import('../work/ingress-file.ts')
    const { documents } = await readSpecs(file, session, spec ? 'deployment' : undefined)
    const api = await session.api()
    const found = []
    for (const document of documents) found.push(await differenceOf(api, inNamespace(document, host.env), { signal }))
    refuseClashes(found.flatMap(({ ingresses }) => ingresses ?? []))
    await out.result(found, (all) => all.flatMap(differenceLines))
    return found.some(isChange) ? changed : 0
  },
})
