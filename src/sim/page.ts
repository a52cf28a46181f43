/** The report as one HTML file that needs nothing else: no network, no scripts, no fonts. */
import type { Millis } from '../model/time.ts'
import { curve, escaped, histogram, type Mark, strip, type Stretch, timeChart } from './chart.ts'
import type { FaultSeen } from './observed.ts'
import { isComplete, type SimReport } from './report.ts'
import { style } from './page-style.ts'
import { countsInWords, namesInWords, orNever, spanInWords, speedInWords } from './words.ts'

/** Two looks at the mesh are a second apart; what lasts longer than this was not seen. */
const gapAfter = 3.5

const seconds = (ms: Millis): number => ms / 1_000
const inSeconds = (value: number): string => `${Math.round(value * 10) / 10}`

export function pageOf(report: SimReport): string {
  const { scenario } = report
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>Simulation ${escaped(scenario.name)}</title><style>${style}</style></head><body><main>`,
    header(report),
    tiles(report),
    section(
      'GPU utilisation',
      'GPUs that work has, and GPUs on nodes that can be reached.',
      utilisation(report),
      legend(report, ['a', 'GPUs in use'], ['c dashed', 'GPUs that can be reached']),
    ),
    section(
      'Queue',
      'Workloads that wait and workloads that run.',
      queue(report),
      legend(report, ['d', 'waiting'], ['b', 'running']),
    ),
    `<div class="pair">${section('Waiting times', 'From submission to the first start.', waits(report))}${section('Gossip spread', 'Share of the peers that a node’s report had come to, by its age.', spread(report))}</div>`,
    section('Leader', 'Who led, as the peers said. Gaps are time without a leader.', leaders(report)),
    failoverTable(report),
    faultTable(report),
    lossTable(report),
    workloadTable(report),
    notes(report),
    '</main></body></html>\n',
  ].join('\n')
}

function header(report: SimReport): string {
  const { scenario, startedAt, interrupted } = report
  const badge = isComplete(report)
    ? '<span class="badge good">all work ended</span>'
    : `<span class="badge bad">${interrupted ? 'interrupted' : 'not all work ended'}</span>`
  return (
    `<header><h1>Simulation <b>${escaped(scenario.name)}</b> ${badge}</h1>` +
    `<p>${escaped(scenario.about)}</p><p class="faint">${scenario.peers} peers with ${escaped(scenario.gpusOfEach)} each (simulated) · seed ${scenario.seed} · began ${escaped(startedAt)} · formed in ${spanInWords(report.formedInMs)} · lasted ${spanInWords(report.lastedMs)}${speedInWords(scenario.speed)}</p></header>`
  )
}

function tiles({ workloads, waits, utilisation: used, failovers, spread: gossip, queue: waiting }: SimReport): string {
  const done = workloads.accepted - workloads.unfinished
  const gaps = failovers.flatMap(({ writableAfter, electedAfter }) => writableAfter ?? electedAfter ?? [])
  const tile = (value: string, name: string, more: string): string =>
    `<div class="tile"><strong>${escaped(value)}</strong><span>${escaped(name)}</span><em>${escaped(more)}</em></div>`
  return `<div class="tiles">${[
    tile(`${done} / ${workloads.planned}`, 'workloads ended', countsInWords(workloads.byState)),
    tile(waits.count === 0 ? '—' : spanInWords(waits.p50), 'median wait', `p99 ${spanInWords(waits.p99)}`),
    tile(`${Math.round(used.mean)} %`, 'GPUs in use, mean', `peak ${Math.round(used.peak)} %`),
    tile(String(waiting.peak), 'longest queue', `mean ${waiting.mean}`),
    tile(
      failovers.length === 0 ? '0' : gaps.length === 0 ? '—' : spanInWords(Math.max(...gaps)),
      failovers.length === 0 ? 'failovers' : 'without a leader at most',
      `${failovers.length} failover(s)`,
    ),
    tile(
      gossip.onePeer.count === 0 ? '—' : spanInWords(gossip.onePeer.p50),
      'gossip to a peer, median',
      gossip.allPeers.count === 0 ? 'all peers: not measured' : `all peers ${spanInWords(gossip.allPeers.p50)}`,
    ),
  ].join('')}</div>`
}

const section = (title: string, about: string, inside: string, foot = ''): string =>
  `<section><h2>${escaped(title)}</h2><p class="faint">${escaped(about)}</p>${inside}${foot}</section>`

function legend({ faults }: SimReport, ...entries: readonly (readonly [colour: string, name: string])[]): string {
  const kinds = [...new Set(faults.map(({ kind }) => kind))]
  const key = (colour: string, name: string): string => `<li><i class="key ${colour}"></i>${escaped(name)}</li>`
  return `<ul class="legend">${[...entries.map(([colour, name]) => key(colour, name)), ...kinds.map((kind) => key(`fault ${kind}`, kind))].join('')}</ul>`
}

const marksOf = (faults: readonly FaultSeen[]): readonly Mark[] =>
  faults.map(({ at, until, kind, words }) => ({
    from: seconds(at),
    to: kind === 'crash' || until === null ? null : seconds(until),
    words: `${words} at ${spanInWords(at)}`,
    colour: kind,
  }))

const timeAxis = ({ lastedMs }: SimReport) => ({
  label: 'seconds',
  write: inSeconds,
  max: Math.max(1, seconds(lastedMs)),
})

function utilisation(report: SimReport): string {
  const points = report.samples.map((sample) => ({ ...sample, x: seconds(sample.at) }))
  return timeChart('GPU utilisation over time', {
    lines: [
      { name: 'GPUs in use', colour: 'a', isFilled: true, points: points.map(({ x, gpusUsed: y }) => ({ x, y })) },
      {
        name: 'GPUs that can be reached',
        colour: 'c',
        isDashed: true,
        points: points.map(({ x, gpusReachable: y }) => ({ x, y })),
      },
    ],
    marks: marksOf(report.faults),
    x: timeAxis(report),
    y: { label: 'GPUs', write: String },
    gapAfter,
  })
}

function queue(report: SimReport): string {
  const points = report.samples.map((sample) => ({ ...sample, x: seconds(sample.at) }))
  return timeChart('Queue length over time', {
    lines: [
      { name: 'waiting', colour: 'd', isFilled: true, points: points.map(({ x, pending: y }) => ({ x, y })) },
      { name: 'running', colour: 'b', points: points.map(({ x, running: y }) => ({ x, y })) },
    ],
    marks: marksOf(report.faults),
    x: timeAxis(report),
    y: { label: 'workloads', write: String },
    gapAfter,
  })
}

const waits = ({ waits: { histogram: bins, count, p50, p90, p99, max } }: SimReport): string =>
  count === 0
    ? '<p>No workload started.</p>'
    : histogram(
        'Waiting times',
        bins.map((bin) => ({ ...bin, from: seconds(bin.from), to: seconds(bin.to) })),
        { label: 'seconds', write: inSeconds },
        { label: 'workloads', write: String },
      ) +
      `<p class="faint">p50 ${spanInWords(p50)} · p90 ${spanInWords(p90)} · p99 ${spanInWords(p99)} · longest ${spanInWords(max)}</p>`

const spread = ({ spreadCurve, spread: { trials, onePeer, allPeers, missing } }: SimReport): string =>
  trials === 0
    ? '<p>Not measured: no report could be followed for long enough.</p>'
    : curve(
        'Gossip spread',
        spreadCurve.map(({ ms, share }) => ({ x: ms, y: share })),
        { label: 'milliseconds', write: String },
        { label: 'share of the peers', write: (value) => `${Math.round(value * 100)} %` },
      ) +
      `<p class="faint">${trials} reports · one peer p50 ${spanInWords(onePeer.p50)}, p99 ${spanInWords(onePeer.p99)} · all peers p50 ${allPeers.count === 0 ? 'not seen' : spanInWords(allPeers.p50)}${missing === 0 ? '' : ` · ${missing} peers did not have it when they were asked`}</p>`

function leaders(report: SimReport): string {
  const { lastedMs, failovers } = report
  const seen = report.leaders
  const names = [...new Set(seen.map(({ leader }) => leader))]
  const stretches = seen.map(({ at, leader }, index): Stretch => {
    const next = seen[index + 1]?.at ?? lastedMs
    // A leader that a fault hit led until then.
    const fault = failovers.find((failover) => failover.from === leader && failover.at >= at && failover.at <= next)
    return {
      from: seconds(Math.max(0, at)),
      to: seconds(fault?.at ?? next),
      words: leader,
      colour: 'abcd'.charAt(names.indexOf(leader) % 4),
    }
  })
  return strip('Leaders over time', stretches, timeAxis(report))
}

function table(title: string, heads: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const cells = (tag: string, row: readonly string[]): string =>
    `<tr>${row.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`
  return `<section><h2>${escaped(title)}</h2><div class="scroll"><table><thead>${cells('th', heads)}</thead><tbody>${rows.map((row) => cells('td', row)).join('')}</tbody></table></div></section>`
}

const failoverTable = ({ failovers }: SimReport): string =>
  table(
    'Failovers',
    ['at', 'cause', 'led before', 'led after', 'new leader after', 'writes taken after'],
    failovers.map(({ at, cause, from, to, electedAfter, writableAfter }) => [
      spanInWords(at),
      cause,
      from,
      to ?? '—',
      orNever(electedAfter),
      orNever(writableAfter),
    ]),
  )

const faultTable = ({ faults }: SimReport): string =>
  table(
    'What was done to the mesh',
    ['at', 'until', 'what', 'peers'],
    faults.map(({ at, until, words, peers }) => [
      spanInWords(at),
      until === null ? '—' : spanInWords(until),
      words,
      namesInWords(peers, 8),
    ]),
  )

const lossTable = ({ losses }: SimReport): string =>
  table(
    'How soon others saw that a peer was gone',
    ['at', 'peer', 'peers that saw it', 'half of them after', 'the last after', 'did not see it'],
    losses.map(({ at, peer, known, missing }) => [
      spanInWords(at),
      peer,
      String(known.count),
      known.count === 0 ? '—' : spanInWords(known.p50),
      known.count === 0 ? '—' : spanInWords(known.max),
      String(missing),
    ]),
  )

const workloadTable = ({ workloads, waits: { neverStarted } }: SimReport): string =>
  table(
    'Workloads',
    ['figure', 'value'],
    [
      ['planned', String(workloads.planned)],
      ['accepted by the mesh', String(workloads.accepted)],
      ['refused', countsInWords(workloads.refused)],
      ['states at the end', countsInWords(workloads.byState)],
      ['not at an end', String(workloads.unfinished)],
      ['placed more than once', String(workloads.placedAgain)],
      ['because', countsInWords(workloads.setbacks)],
      ['never started', String(neverStarted)],
      ['errors', countsInWords(workloads.errors)],
    ],
  )

const notes = ({ notes: all }: SimReport): string =>
  `<section><h2>Notes</h2><ul>${[
    'Every figure comes from what the daemons answered. Times of submission, start and end are the mesh’s own; the peers share one clock.',
    'The seed fixes which work arrives when, how long it runs, and which fault hits whom when. What the mesh makes of it takes real time on this machine and differs from run to run.',
    ...all,
  ]
    .map((note) => `<li>${escaped(note)}</li>`)
    .join('')}</ul></section>`
