export default function OverviewPage() {
  return <main className="page" id="main" />
}
