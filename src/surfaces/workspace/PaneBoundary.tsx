import { Component, type ErrorInfo, type ReactNode } from 'react';

interface PaneBoundaryProps {
  readonly name: string;
  readonly children: ReactNode;
}

/** A pane that fails to load or to draw says so in its own place; the image beside it goes on. */
export class PaneBoundary extends Component<PaneBoundaryProps, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: unknown): { error: Error } {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override componentDidCatch(error: Error, info: ErrorInfo): void {
    console.error(`The ${this.props.name} pane failed`, error, info.componentStack);
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <section className="pane" aria-label={this.props.name}>
        <header className="pane-header">
          <h2>{this.props.name}</h2>
        </header>
        <div className="pane-empty" role="alert">
          <p className="problem">
            The {this.props.name.toLowerCase()} pane failed: {error.message}
          </p>
          <p>
            <button type="button" onClick={() => this.setState({ error: null })}>
              Try again
            </button>{' '}
            <button
              type="button"
              onClick={() => void navigator.clipboard.writeText(error.stack ?? error.message)}
            >
              Copy details
            </button>
          </p>
        </div>
      </section>
    );
  }
}
