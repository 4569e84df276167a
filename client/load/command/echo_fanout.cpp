// client/load/command/echo_fanout.cpp
//
// `rookery-load echo` and `rookery-load fanout`.
#include <memory>

#include "client/load/command/command.h"
#include "client/load/command/load_options.h"

namespace rookery::load {

void add_echo_and_fanout(CLI::App& app, int& exit_code) {
  auto echo_options = std::make_shared<LoadOptions>(Mode::Echo);
  CLI::App* echo = app.add_subcommand("echo", "each client sends text and wants exactly that back");
  add_load_options(*echo, *echo_options);
  echo->callback([echo_options, &exit_code] { exit_code = run_and_show(*echo_options); });

  auto fanout_options = std::make_shared<LoadOptions>(Mode::Fanout);
  CLI::App* fanout = app.add_subcommand("fanout", "senders talk in a room, readers listen");
  add_load_options(*fanout, *fanout_options);
  fanout->add_option("--senders", fanout_options->plan.senders, "connections that talk, besides the readers")
      ->check(CLI::Range(1U, 10000U))
      ->option_text("N [1]");
  fanout->callback([fanout_options, &exit_code] { exit_code = run_and_show(*fanout_options); });
}

}  // namespace rookery::load
