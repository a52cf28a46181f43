import { ClawError } from '../../../model/failure.ts'
import { command } from '../line/command.ts'
import type { Session } from '../line/command.ts'
import { attend, mostAttended } from '../work/attend.ts'
import { spooled } from '../exit-code.ts'
import { dryRun } from '../work/dry-run.ts'
import { requestOf, runOptions, runPositionals, saidOf } from '../work/run-request.ts'

export default command({
  name: 'run',
  about: 'Run a container on the mesh.',
  details:
    'Shows its output and ends with its exit code. Ctrl-C lets go of it without stopping it. With -d, only its id is printed.',
  positionals: runPositionals,
  options: {
    ...runOptions,
    file: {
      kind: 'text',
      value: 'FILE',
      about:
        'What to run: workload.yaml, workload.toml, a Compose file, or JSON; - is standard input. Options go over it',
    },
    detach: { kind: 'flag', short: 'd', about: 'Print the id and return' },
    wait: { kind: 'flag', about: 'Stay until it has ended, without its output' },
    'idempotency-key': { kind: 'text', value: 'KEY', about: 'Submitting again with the same key does nothing new' },
    spool: {
      kind: 'flag',
      about: 'While the mesh has no leader, have this peer keep it and hand it on: exit code 8',
    },
    'dry-run': { kind: 'flag', about: 'Submit nothing; say where it would go now, or why it would wait' },
    molt: {
      kind: 'flag',
      about: 'Have strangers run it where the mesh has no room for it now; takes --gpus, --timeout and --max-price',
    },
    'max-price': { kind: 'text', value: 'MOLT', about: 'With --molt: what all of it may cost' },
    yes: { kind: 'flag', short: 'y', about: 'With --molt: spend without asking' },
  },
  examples: [
    'run --gpus 1 nvidia/cuda:12.0-runtime -- nvidia-smi',
    'run -d --gpus 4 --gpu-type H100 --name train pytorch/pytorch:latest -- python train.py',
    'run -d --label app=db --apart app=db --restart on-failure:5 postgres:17',
    'run -d --nodes 4 --gang --gpus 8 --name llama pytorch/pytorch:latest -- torchrun train.py',
    'run -d --array 100%8 --gpus 1 --name sweep pytorch/pytorch:latest -- python trial.py',
    'run -d --spool --idempotency-key nightly-42 --gpus 1 pytorch/pytorch:latest -- python nightly.py',
    'run -d --port 8080 --ready-http /healthz --gpus 1 --name api vllm/vllm:latest',
    'run --wait --gpus 1 --timeout 2h pytorch/pytorch:latest -- python train.py',
    'run --dry-run --gpus 8 --gpu-type H100 pytorch/pytorch:latest',
    'run -d --secret-mount /run/secrets/db=db-password --secret DB_TOKEN=db-password --config app postgres:17',
    'run --wait --molt --max-price 20 --gpus 1 --timeout 2h pytorch/pytorch:latest -- python train.py',
    'run -it --gpus 1 pytorch/pytorch:latest -- bash',
    'run --file workload.yaml --gpus 8 --name scaled-run',
    'run --image vllm/vllm:latest --gpus device=0,1 --memory 64Gi --timeout 24h -e MODEL=llama-70b',
  ],

  async run(args, session) {
    const { out, signal } = session
    if (args.detach && args.wait)
      throw new ClawError('INVALID_REQUEST', { problem: '--detach returns at once, and --wait does not' })
    if (args.file !== undefined) return fromFile(args.file, args, session)
    const api = await session.api()
    if (args.gpus === '0') out.note('--gpus 0 asks for no GPU; write --gpus device=0 for the first one')
    const isAttached = (args.stdin || args.tty) && !args.detach && !args.wait && !args.spool
    if (isAttached && args.tty && args.stdin && session.host.stdin.isTTY !== true)
      throw new ClawError('INVALID_REQUEST', { problem: 'standard input is no terminal here: leave out -t' })
    if (isAttached && (args.nodes ?? args.replicas ?? args.array) !== undefined)
      throw new ClawError('INVALID_REQUEST', {
        problem: '-i and -t are for one: submit its parts with -d, and attach to one of them',
      })
    // As with docker run: what is attached from the start ends with its input.
    const request = { ...requestOf(args, session.host.env), ...(isAttached && args.stdin ? { stdinOnce: true } : {}) }
    if (!args.molt && args['max-price'] !== undefined)
      throw new ClawError('INVALID_REQUEST', { problem: 'the own mesh has no price: --max-price goes with --molt' })
    if (args.molt) {
      const { burst } = await import('../work/burst.ts')
      const { yes, detach, 'dry-run': isDry, 'max-price': maxPrice } = args
      const elsewhere = await burst(request, { yes, detach, 'dry-run': isDry, maxPrice }, session)
      if (elsewhere !== null) return elsewhere.exitCode
    }
    if (args['dry-run']) return dryRun(api, request, session)
    const submitted = await api.call('workload.run', { ...request, ...keyOf(args) }, signal)
    const { id, name, parts, index } = submitted
    if (submitted.state === 'spooled') {
      await out.result({ id, name, state: 'spooled' }, () => [id])
      out.note(`${name} is accepted by this peer, not by the mesh yet. See what waits:  clawbernetes spool list`)
      return spooled
    }
    const isCrowd = parts.length > mostAttended
    if (args.detach || isCrowd) {
      await out.result({ id, name, index, ...(parts.length === 0 ? {} : { parts }) }, () => [id])
      if (isCrowd && !args.detach)
        out.note(`${parts.length} parts are too many to follow. See them:  clawbernetes workload list --group ${name}`)
      return undefined
    }
    out.note(`${name} (${id}) is submitted${parts.length === 0 ? '' : ` in ${parts.length} parts`}`)
    if (isAttached) {
      const { attachNew } = await import('../talk/attached.ts')
      return attachNew(api, submitted, args.stdin, session)
    }
    return attend(api, submitted, { ...session, isMute: args.wait })
  },
})

/** The image is in the file, so that all words are the command. What it takes to read files is loaded only for them. */
async function fromFile(
  file: string,
  args: Parameters<typeof saidOf>[0] & {
    readonly detach: boolean
    readonly wait: boolean
    readonly 'dry-run': boolean
    readonly 'idempotency-key': string | undefined
    readonly spool: boolean
  },
  session: Session,
): Promise<number | undefined> {
  const { runFile } = await import('../work/run-file.ts')
  const { IMAGE: first, COMMAND: rest } = args
  const words = { IMAGE: undefined, COMMAND: first === undefined ? rest : [first, ...rest] }
  const { env, volumes, ...said } = saidOf({ ...args, ...words }, session.host.env)
  const lists = { ...(env.length === 0 ? {} : { env }), ...(volumes.length === 0 ? {} : { volumes }) }
  return runFile(
    {
      file,
      said: { ...said, ...lists },
      isDryRun: args['dry-run'],
      isDetached: args.detach,
      isMute: args.wait,
      idempotencyKey: args['idempotency-key'],
      isSpooled: args.spool,
    },
    session,
  )
}

const keyOf = (args: { readonly 'idempotency-key': string | undefined; readonly spool: boolean }) => ({
  idempotencyKey: args['idempotency-key'],
  ...(args.spool ? { spool: true } : {}),
})
