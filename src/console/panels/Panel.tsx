import { Paper } from '@mantine/core';
import { type ReactNode, useId } from 'react';
import { useDesk } from '../desk.ts';
import { duration } from '../format.ts';
import type { Polled } from '../usePolling.ts';
import { Tag } from './Tag.tsx';

interface PanelProps<T> {
  title: string;
  /** What it shows; without a value it says so, after a failed try it greys and says how old it is. */
  of: Polled<T>;
  aside?: ReactNode;
  footer?: ReactNode;
  className?: string;
  children: (value: T) => ReactNode;
}

/** A titled part of the page that never shows an old figure as a new one. */
export function Panel<T>({ title, of, aside, footer, className = '', children }: PanelProps<T>) {
  const { words, machineNow, offline } = useDesk();
  const heading = useId();
  const stale = offline || of.error !== null;
  return (
    <Paper
      component="section"
      aria-labelledby={heading}
      className={`panel ${className}`}
      data-stale={stale ? true : undefined}
      withBorder
    >
      <header className="panel-head">
        <h2 id={heading}>{title}</h2>
        {stale && of.at !== null && <Tag tone="notice">{words.stale(duration(machineNow - of.at, words))}</Tag>}
        {aside}
      </header>
      {of.value === null ? (
        <p className="empty">{stale ? words.noData : words.loading}</p>
      ) : (
        <>
          {children(of.value)}
          {footer !== undefined && <footer className="panel-foot">{footer}</footer>}
        </>
      )}
    </Paper>
  );
}

/** Where a figure comes from and how old it is by the town's clock; the age is unknown while that clock is. */
export function SourceLine({ source, at }: { source: string; at: number | null }) {
  const { words, townNow, offline } = useDesk();
  return (
    <>
      <span>
        {words.source}
        {': '}
        {source}
      </span>
      {at !== null && townNow !== null && !offline && (
        <span className="age">{words.ago(duration(townNow - at, words))}</span>
      )}
    </>
  );
}

interface FigureProps {
  name: string;
  value: ReactNode;
  strong?: boolean;
  wide?: boolean;
}

/** A named figure; `strong` for one that should catch the eye, `wide` for one that takes two columns. */
export function Figure({ name, value, strong = false, wide = false }: FigureProps) {
  return (
    <div className="figure" data-strong={strong ? true : undefined} data-wide={wide ? true : undefined}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
