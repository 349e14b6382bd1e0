export default function ResetPage() {
  return <main className="page" id="main" />
}
