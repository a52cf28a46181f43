/** Plots as SVG text. They bring no fonts and no scripts, take their colours from the page, and say their figures to who points at them. */
import { type Bin, niceStep } from './statistics.ts'

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Line {
  readonly name: string
  /** One of the page's colours: `a`, `b`, `c`. */
  readonly colour: string
  readonly points: readonly Point[]
  readonly isFilled?: boolean
  readonly isDashed?: boolean
}

/** Something at a moment, or from one to another. */
export interface Mark {
  readonly from: number
  readonly to: number | null
  readonly words: string
  readonly colour: string
}

interface Axis {
  readonly label: string
  readonly write: (value: number) => string
}

export interface TimeChart {
  readonly lines: readonly Line[]
  readonly marks: readonly Mark[]
  readonly x: Axis & { readonly max: number }
  readonly y: Axis
  /** A longer pause between two points is shown as a gap: nothing was seen then. */
  readonly gapAfter: number
}

const wide = 960
const half = 460
const tall = 256
const margin = { left: 56, right: 14, top: 28, bottom: 40 }

export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** A place on the paper, to a tenth of a point. */
const at = (value: number): string => String(Math.round(value * 10) / 10)

interface Frame {
  readonly width: number
  readonly height: number
  readonly place: (point: Point) => Point
  readonly grid: string
}

/** Axes with round steps, and the way from values to places. */
function frameOf(width: number, x: TimeChart['x'], y: Axis & { readonly max: number }): Frame {
  const height = tall
  const [plotWidth, plotHeight] = [width - margin.left - margin.right, height - margin.top - margin.bottom]
  const xStep = niceStep(x.max / (width === wide ? 10 : 5))
  const yStep = niceStep(y.max / 4)
  const top = Math.max(yStep, Math.ceil(y.max / yStep) * yStep)
  const place = (point: Point): Point => ({
    x: margin.left + (point.x / x.max) * plotWidth,
    y: margin.top + (1 - point.y / top) * plotHeight,
  })
  const bottom = margin.top + plotHeight
  const rows = steps(top, yStep).map((value) => {
    const { y: level } = place({ x: 0, y: value })
    return (
      `<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${at(level)}" y2="${at(level)}"/>` +
      `<text class="tick" x="${margin.left - 8}" y="${at(level + 4)}" text-anchor="end">${escaped(y.write(value))}</text>`
    )
  })
  const columns = steps(x.max, xStep).map((value) => {
    const { x: column } = place({ x: value, y: 0 })
    return `<text class="tick" x="${at(column)}" y="${bottom + 17}" text-anchor="middle">${escaped(x.write(value))}</text>`
  })
  const labels =
    `<text class="label" x="${width - margin.right}" y="${height - 5}" text-anchor="end">${escaped(x.label)}</text>` +
    `<text class="label" x="0" y="11">${escaped(y.label)}</text>`
  return { width, height, place, grid: rows.join('') + columns.join('') + labels }
}

const steps = (max: number, step: number): readonly number[] =>
  Array.from({ length: Math.floor(max / step + 1e-9) + 1 }, (_, index) => index * step)

const svg = ({ width, height }: Pick<Frame, 'width' | 'height'>, name: string, inside: string): string =>
  `<svg class="plot" role="img" aria-label="${escaped(name)}" viewBox="0 0 ${width} ${height}" data-plot="${escaped(name)}">${inside}</svg>`

/** Lines over time, with what happened meanwhile behind them. */
export function timeChart(name: string, { lines, marks, x, y, gapAfter }: TimeChart): string {
  const max = Math.max(1, ...lines.flatMap(({ points }) => points.map((point) => point.y)))
  const frame = frameOf(wide, x, { ...y, max })
  const floor = frame.place({ x: 0, y: 0 }).y
  const drawn = lines.flatMap((line) =>
    runsOf(line.points, gapAfter).map((run) => drawLine(line, run, frame.place, floor)),
  )
  return svg(frame, name, marks.map((mark) => drawMark(mark, x.max, frame)).join('') + frame.grid + drawn.join(''))
}

function drawLine(
  { name, colour, isFilled, isDashed }: Line,
  run: readonly Point[],
  place: Frame['place'],
  floor: number,
) {
  const path = run.map((point) => place(point)).map(({ x, y }) => `${at(x)} ${at(y)}`)
  const [first, last] = [run[0], run.at(-1)]
  const area =
    isFilled === true && first !== undefined && last !== undefined
      ? `<path class="area ${colour}" d="M${at(place(first).x)} ${at(floor)}L${path.join('L')}L${at(place(last).x)} ${at(floor)}Z"/>`
      : ''
  return `${area}<path class="line ${colour}${isDashed === true ? ' dashed' : ''}" d="M${path.join('L')}"><title>${escaped(name)}</title></path>`
}

/** The points, cut where nothing was seen for too long. */
function runsOf(points: readonly Point[], gapAfter: number): readonly (readonly Point[])[] {
  const runs: Point[][] = []
  let before: Point | null = null
  for (const point of points) {
    if (before === null || point.x - before.x > gapAfter) runs.push([])
    runs.at(-1)?.push(point)
    before = point
  }
  return runs
}

function drawMark({ from, to, words, colour }: Mark, max: number, { place, height }: Frame): string {
  const title = `<title>${escaped(words)}</title>`
  const left = place({ x: Math.min(from, max), y: 0 }).x
  const [top, bottom] = [margin.top, height - margin.bottom]
  if (to === null)
    return `<line class="mark ${colour}" x1="${at(left)}" x2="${at(left)}" y1="${top}" y2="${bottom}">${title}</line>`
  const right = place({ x: Math.min(to, max), y: 0 }).x
  return `<rect class="band ${colour}" x="${at(left)}" y="${top}" width="${at(Math.max(1, right - left))}" height="${bottom - top}">${title}</rect>`
}

/** How many values fell where. */
export function histogram(name: string, bins: readonly Bin[], x: Axis, y: Axis): string {
  const max = Math.max(1, ...bins.map(({ count }) => count))
  const frame = frameOf(half, { ...x, max: bins.at(-1)?.to ?? 1 }, { ...y, max })
  const bars = bins.map(({ from, to, count }) => {
    const [low, high] = [frame.place({ x: from, y: 0 }), frame.place({ x: to, y: count })]
    const title = `<title>${escaped(`${x.write(from)} to ${x.write(to)}: ${count}`)}</title>`
    return `<rect class="bar a" x="${at(low.x + 1)}" y="${at(high.y)}" width="${at(Math.max(1, high.x - low.x - 2))}" height="${at(low.y - high.y)}">${title}</rect>`
  })
  return svg(frame, name, frame.grid + bars.join(''))
}

/** A curve that rises to its end, over spans of time from a millisecond up, each power of ten as wide as the next. */
export function curve(name: string, points: readonly Point[], x: Axis, y: Axis): string {
  const power = (span: number): number => Math.log10(Math.max(1, span))
  const max = Math.max(1, Math.ceil(power(Math.max(1, ...points.map((point) => point.x)))))
  const write = (value: number): string => (Number.isInteger(value) ? x.write(10 ** value) : '')
  const frame = frameOf(half, { label: x.label, write, max }, { ...y, max: 1 })
  const floor = frame.place({ x: 0, y: 0 }).y
  const risen = [{ x: 0, y: 0 }, ...points.map((point) => ({ x: power(point.x), y: point.y }))]
  const line: Line = { name, colour: 'b', points: risen, isFilled: true }
  return svg(frame, name, frame.grid + drawLine(line, risen, frame.place, floor))
}

export interface Stretch {
  readonly from: number
  readonly to: number
  readonly words: string
  readonly colour: string
}

/** Who was it, when: stretches one after the other on one strip. */
export function strip(name: string, stretches: readonly Stretch[], x: TimeChart['x']): string {
  const height = 84
  const place = (value: number): number => margin.left + (value / x.max) * (wide - margin.left - margin.right)
  const drawn = stretches.map(({ from, to, words, colour }) => {
    const [left, right] = [place(from), place(Math.min(to, x.max))]
    const label =
      right - left > words.length * 7 + 8
        ? `<text class="inside" x="${at((left + right) / 2)}" y="33" text-anchor="middle">${escaped(words)}</text>`
        : ''
    return `<rect class="stretch ${colour}" x="${at(left)}" y="12" width="${at(Math.max(1.5, right - left))}" height="32"><title>${escaped(`${words}, ${x.write(from)} to ${x.write(to)}`)}</title></rect>${label}`
  })
  const ticks = steps(x.max, niceStep(x.max / 10)).map(
    (value) =>
      `<text class="tick" x="${at(place(value))}" y="61" text-anchor="middle">${escaped(x.write(value))}</text>`,
  )
  const label = `<text class="label" x="${wide - margin.right}" y="${height - 5}" text-anchor="end">${escaped(x.label)}</text>`
  return svg({ width: wide, height }, name, drawn.join('') + ticks.join('') + label)
}
