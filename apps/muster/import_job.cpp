#include "muster/import_job.h"

#include <chrono>
#include <thread>

#include <fmt/format.h>

namespace muster::cli {
namespace {

/// Longest pauses together about half a minute: a service that restarts is back by then.
constexpr int kAttempts = 7;
constexpr std::chrono::milliseconds kFirstPause{500};

boost::json::object too_long(std::size_t line) {
  return {{"line", line},
          {"errorCode", 413000},
          {"message", "The record is longer than a request may be, or a quote in it is never closed."}};
}

}  // namespace

ImportJob::ImportJob(ImportSource& source, std::vector<SendChunk> senders, Sleep sleep, Progress progress)
    : senders_(std::move(senders)), sleep_(std::move(sleep)), progress_(std::move(progress)), source_(source) {
}

Result<void> ImportJob::run() {
  {
    std::vector<std::jthread> threads;
    threads.reserve(senders_.size());
    for (const SendChunk& send : senders_) threads.emplace_back([this, &send] { work(send); });
  }
  if (failure_) return std::unexpected(failure_->second);
  return {};
}

void ImportJob::work(const SendChunk& send) {
  while (auto chunk = take()) {
    Result<ChunkOutcome> outcome = chunk->records == 0 ? ChunkOutcome() : send_patiently(send, *chunk);
    if (outcome) {
      for (const std::size_t line : chunk->too_long) outcome->failures.push_back(too_long(line));
      outcome->totals.failed += chunk->too_long.size();
    }
    chunk->body = {};
    finish(*std::move(chunk), std::move(outcome));
  }
}

std::optional<ImportChunk> ImportJob::take() {
  const std::scoped_lock lock(mutex_);
  if (failure_ || at_end_) return std::nullopt;
  auto chunk = source_.next();
  if (!chunk) {
    // Earlier chunks that are under way are told before this ends the import.
    stop(std::numeric_limits<std::size_t>::max(), std::move(chunk).error());
    return std::nullopt;
  }
  at_end_ = !chunk->has_value();
  return *std::move(chunk);
}

Result<ChunkOutcome> ImportJob::send_patiently(const SendChunk& send, const ImportChunk& chunk) {
  std::chrono::milliseconds pause = kFirstPause;
  for (int attempt = 1;; ++attempt) {
    auto outcome = send(chunk);
    if (outcome || attempt == kAttempts || !is_worth_waiting(outcome.error())) return outcome;
    sleep_(pause);
    pause *= 2;
  }
}

bool ImportJob::is_worth_waiting(const Error& error) {
  const std::scoped_lock lock(mutex_);
  if (failure_) return false;
  return error.code == ErrorCode::kLimitExceeded || (error.code == ErrorCode::kUnavailable && answered_);
}

void ImportJob::finish(ImportChunk chunk, Result<ChunkOutcome> outcome) {
  const std::scoped_lock lock(mutex_);
  const std::size_t index = chunk.index;
  answered_ = answered_ || outcome.has_value();
  if (!outcome) return stop(index, std::move(outcome).error());
  finished_.emplace(index, Finished{std::move(chunk), *std::move(outcome)});
  for (auto next = finished_.begin(); next != finished_.end() && next->first == next_index_; ++next_index_) {
    progress_(next->second.chunk, next->second.outcome);
    next = finished_.erase(next);
  }
}

void ImportJob::stop(std::size_t index, Error error) {
  if (!failure_ || index < failure_->first) failure_.emplace(index, std::move(error));
}

}  // namespace muster::cli
