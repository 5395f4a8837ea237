// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IMorphoBlue, IMorphoFlashLoanCallback} from "../../interfaces/IMorphoBlue.sol";
import {Constants} from "../base/Constants.sol";
import {Lending} from "../base/Lending.sol";
import {Memory} from "../base/Memory.sol";
import {Payments} from "../base/Payments.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";
import {PlanReader as Read} from "../base/PlanReader.sol";

/// @notice Borrows from Morpho Blue, which lends its whole balance of a token for nothing and pulls it back.
/// @dev The allowance is exact, and the call reverts unless all of it was spent. Morpho calls back whoever called it, nobody else.
abstract contract MorphoBlueLender is Lending {
    /// Selector, three words, the data's length.
    uint256 private constant _DATA_AT = 0x84;

    address private immutable _morphoBlue;

    constructor(Constants memory constants) {
        _morphoBlue = constants.morphoBlue;
    }

    function _morphoBlueLoan(uint256 cursor, address settlement) internal returns (uint256 next) {
        address morpho = _available(_morphoBlue, Plan.MORPHO_BLUE_LOAN);
        uint256 callAt = Memory.free();
        uint256 dataAt = Read.skip(callAt, _DATA_AT);
        address token;
        uint256 amount;
        uint256 dataEnd;
        (, token, amount, dataEnd, next) = _readLoan(cursor, settlement, _PLAIN_FLAGS, dataAt);
        // flashLoan(address token, uint256 assets, bytes data)
        Memory.putSelector(callAt, IMorphoBlue.flashLoan.selector);
        Memory.put(Read.skip(callAt, 0x04), uint160(token));
        Memory.put(Read.skip(callAt, 0x24), amount);
        Memory.put(Read.skip(callAt, 0x44), 0x60);
        _borrow(morpho, IMorphoFlashLoanCallback.onMorphoFlashLoan.selector, callAt, dataAt, dataEnd);
        _requirePulled(token, morpho);
    }

    /// @dev onMorphoFlashLoan(uint256 assets, bytes data)
    function _onMorphoBlueLoan() internal {
        (uint256 start, uint256 length) = _acceptLoan(36);
        (address token, uint256 amount, uint256 cap, uint256 at) = _borrowed(start);
        _requireUnderCap(token, amount, cap);
        _runLoan(start, length, at, amount);
        Payments.approve(token, msg.sender, amount);
    }
}
